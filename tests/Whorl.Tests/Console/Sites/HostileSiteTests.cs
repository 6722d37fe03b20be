using System.Net;
using System.Text.RegularExpressions;
using Whorl.Delivery.WebConsole.Serving;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.WebConsole.Sites;

/// <summary>Everything fetched comes from criminals: whatever they write stays text on our pages.</summary>
public sealed partial class HostileSiteTests(SitesHost host) : IClassFixture<SitesHost>
{
    private const string Site = "hostile.example";

    // Nobody reads a page of megabytes, and a browser need not.
    private const int MaxPage = 1_500_000;

    public static TheoryData<string> Fills => [HostileScan.Value, HostileScan.Address, HostileScan.Long, new string('\u202e', 3000), "\ud800", "=cmd|' /C calc'!A0"];

    [Theory]
    [MemberData(nameof(Fills))]
    public async Task Whatever_a_scan_says_stays_text_on_every_page(string fill)
    {
        host.Sites.Scans.Clear();
        host.Sites.Jobs.Clear();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        ScanRecord old = HostileScan.Make(Guid.CreateVersion7(now.AddHours(-1)).ToString(), Site, now.AddHours(-1), "old" + fill), scan = HostileScan.Make(Guid.CreateVersion7(now).ToString(), Site, now, fill);
        host.Sites.Scans.AddRange([old, scan, scan with { Site = fill, Id = Guid.CreateVersion7(now.AddMinutes(-1)).ToString() }]);
        host.Sites.Features[Site] = ["title=x"];
        host.Sites.Jobs.Add(new("job", fill, fill, fill, JobState.Failed, null, 3, 3, TimeSpan.FromDays(1), now, fill, null, fill));
        host.Sites.Runs.Add(new(fill, "job", fill, RunState.Failed, now, now, fill));
        host.Sites.Transitions.Add(new("job", fill, JobState.Leased, JobState.Failed, now, fill));
        HttpClient member = await host.MemberAsync();
        string asked = Uri.EscapeDataString(fill.Length > 200 ? fill[..200] : fill.Replace("\ud800", "x", StringComparison.Ordinal));
        foreach (string path in (string[])
        [
            $"/sites/{Site}", $"/sites/{Site}/scans/{old.Id}", $"/sites/{Site}/compare?from={old.Id}&to={scan.Id}", "/sites", $"/sites?text={asked}&class={asked}&feature={asked}", "/features?kind=title&value=x",
            $"/features?kind={asked}&value={asked}", "/jobs", "/jobs?job=job", $"/jobs?site={asked}&state={asked}", $"/campaigns?text={asked}", $"/sites/{asked}",
        ])
        {
            using HttpResponseMessage answer = await member.GetAsync(path);
            string html = await answer.Content.ReadAsStringAsync();
            answer.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.NotFound);
            answer.Headers.GetValues("Content-Security-Policy").Single().ShouldBe(ConsoleSecurity.Policy);
            html.Length.ShouldBeLessThan(MaxPage, path);
            foreach (string raw in (string[])["<script>alert", "<img src=https", "<svg onload", "</textarea></pre>", "\u202e", "\u001b", "\u200b", "\u0007", "\ufffd"])
            {
                html.Contains(raw, StringComparison.Ordinal).ShouldBeFalse($"{path} holds {raw}");
            }

            Attributes().Matches(html).Select(match => WebUtility.HtmlDecode(match.Groups["v"].Value))
                .ShouldAllBe(value => value.Length == 0 || (value[0] == '/' && !value.StartsWith("//", StringComparison.Ordinal)) || value[0] == '#', path);
            Handlers().Matches(Values().Replace(html, "")).ShouldBeEmpty(path);
        }
    }

    [Fact]
    public void The_hostile_scan_reaches_every_list_and_leaves_no_text_ordinary()
    {
        ScanRecord scan = HostileScan.Make("id", "site", default, HostileScan.Value);
        scan.Page!.Identities[0].Value.ShouldBe(HostileScan.Value);
        scan.Http!.Headers[2].Value.ShouldBe(HostileScan.Value);
        scan.Tls!.Certificates[0].Sans[0].ShouldBe(HostileScan.Value);
        scan.Network!.Addresses[0].AsName.ShouldBe(HostileScan.Value);
        scan.Screenshot!.Object.ShouldBe(HostileScan.Value);
    }

    [Fact]
    public async Task No_picture_of_a_stranger_is_served_that_is_none()
    {
        host.Sites.Scans.Clear();
        ScanRecord scan = host.Scanned("picture.example", but: each => each with { Screenshot = new() { Phash = "0", Width = 1, Height = 1, Object = "../../etc/passwd" } });
        using HttpResponseMessage answer = await (await host.MemberAsync()).GetAsync($"/sites/picture.example/scans/{scan.Id}/screenshot");
        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [GeneratedRegex("\\s(?:href|src|action|formaction|poster|data|srcset|hx-get|hx-post)=\"(?<v>[^\"]*)\"", RegexOptions.NonBacktracking)]
    private static partial Regex Attributes();

    [GeneratedRegex("\"[^\"]*\"", RegexOptions.NonBacktracking)]
    private static partial Regex Values();

    [GeneratedRegex("<[^>]*\\s(?:on[a-z]+|style|srcdoc)=", RegexOptions.NonBacktracking)]
    private static partial Regex Handlers();
}
