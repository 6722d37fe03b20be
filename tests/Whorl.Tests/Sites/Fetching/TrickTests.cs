using System.Net.Sockets;
using Whorl.Sources.Sites.Fetching;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Tests.Sites.Fetching;

/// <summary>Sites that mean their visitor harm: each comes to the class and reason that the table says, and the scanner is as before.</summary>
public sealed class TrickTests : IAsyncLifetime
{
    private readonly FakeSite _site = new();
    private readonly FakeNames _names = new();
    private SiteScanner _patient = null!;
    private SiteScanner _hasty = null!;

    public static TheoryData<string> Named => [.. Tricks.All.Select(trick => trick.Name)];

    public ValueTask InitializeAsync()
    {
        Tricks.Set(_names);
        _site.Page("/ok", "<title>ok</title>");
        _patient = Scanning.Scanner(_names);
        _hasty = Scanning.Scanner(_names, options => (options.Timeout, options.FaviconTimeout) = (TimeSpan.FromMilliseconds(700), TimeSpan.FromSeconds(30)));
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        _patient.Dispose();
        _hasty.Dispose();
        await _site.DisposeAsync();
        await _names.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Named))]
    public async Task A_trick_comes_to_what_it_is_and_the_next_visit_is_as_if_nothing_were(string name)
    {
        Trick trick = Tricks.All.First(each => each.Name == name);

        ScanRecord scan = await (trick.Slow ? _hasty : _patient).ScanAsync(trick.Play(_site, "/trick", "127.0.0.1"));

        trick.Judge(scan);
        (await _patient.ScanAsync(_site.Url + "/ok")).Class.ShouldBe(SiteClass.HttpContent);
        _site.Requests.ShouldAllBe(request => !request.Contains("\r\nX-Smuggled", StringComparison.OrdinalIgnoreCase) && !request.Contains("\r\nAuthorization", StringComparison.OrdinalIgnoreCase) && !request.Contains("\r\nCookie", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_port_on_which_nobody_listens_refuses()
    {
        FakeSite gone = new();
        string url = gone.Url;
        await gone.DisposeAsync();
        (await _patient.ScanAsync(url)).Reason.ShouldBe(ScanReasons.Refused);
    }

    [Fact]
    public async Task A_connection_that_is_reset_is_told()
    {
        await using FakeSite site = new()
        {
            OnConnection = async (socket, stop) =>
            {
                _ = await socket.ReceiveAsync(new byte[10], stop);
                socket.LingerState = new LingerOption(true, 0);
            },
        };
        (await _patient.ScanAsync(site.Url)).Reason.ShouldBe(ScanReasons.Reset);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ftp://example.com/")]
    [InlineData("http://")]
    [InlineData("http://user:pw@example.com/")]
    [InlineData("file:///etc/passwd")]
    public async Task What_is_no_address_is_not_visited(string url)
    {
        ScanRecord scan = await _patient.ScanAsync(url);
        (scan.Class, scan.Reason).ShouldBe((SiteClass.Unreachable, ScanReasons.BadUrl));
    }
}
