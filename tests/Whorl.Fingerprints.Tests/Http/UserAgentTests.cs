using System.Text.Json;
using Whorl.Fingerprints.Http;
using Whorl.Tests.Support;

namespace Whorl.Fingerprints.Tests.Http;

public sealed class UserAgentTests
{
    [Theory]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36", UserAgentFamily.Chrome, 147, BrowserEngine.Blink, 147, UserAgentPlatform.Windows, false)]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36 Edg/148.0.0.0", UserAgentFamily.Edge, 148, BrowserEngine.Blink, 147, UserAgentPlatform.Windows, false)]
    [InlineData("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", UserAgentFamily.SamsungInternet, 28, BrowserEngine.Blink, 130, UserAgentPlatform.Android, true)]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", UserAgentFamily.Firefox, 140, BrowserEngine.Gecko, 140, UserAgentPlatform.Linux, false)]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", UserAgentFamily.Safari, 26, BrowserEngine.WebKit, 605, UserAgentPlatform.MacOS, false)]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.7339.39 Mobile/15E148 Safari/604.1", UserAgentFamily.Chrome, 140, BrowserEngine.WebKit, 605, UserAgentPlatform.Ios, true)]
    [InlineData("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36", UserAgentFamily.HeadlessChrome, 140, BrowserEngine.Blink, 140, UserAgentPlatform.ChromeOS, false)]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", UserAgentFamily.InternetExplorer, 11, BrowserEngine.Trident, 7, UserAgentPlatform.Windows, false)]
    [InlineData("Mozilla/5.0 (Linux; Android 13; CUBOT X50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36", UserAgentFamily.Chrome, 139, BrowserEngine.Blink, 139, UserAgentPlatform.Android, true)]
    [InlineData("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/140.0.0.0 Safari/537.36", UserAgentFamily.Crawler, 0, BrowserEngine.Blink, 140, UserAgentPlatform.Unknown, false)]
    [InlineData("Mozilla/5.0 (Linux; Android 13; CUBOT X50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36 (compatible; MJ12Bot)", UserAgentFamily.Crawler, 0, BrowserEngine.Blink, 139, UserAgentPlatform.Android, true)]
    [InlineData("curl/8.5.0", UserAgentFamily.Tool, 8, BrowserEngine.None, 0, UserAgentPlatform.Unknown, false)]
    [InlineData("python-requests/2.32", UserAgentFamily.Tool, 2, BrowserEngine.None, 0, UserAgentPlatform.Unknown, false)]
    [InlineData("", UserAgentFamily.Other, 0, BrowserEngine.None, 0, UserAgentPlatform.Unknown, false)]
    public void A_user_agent_is_read_as_what_it_claims(string text, UserAgentFamily family, int version, BrowserEngine engine, int engineVersion, UserAgentPlatform platform, bool mobile) =>
        UserAgent.Parse(text).ShouldBe(new UserAgent(family, version, engine, engineVersion, platform, mobile));

    [Fact]
    public void Crawlers_tools_and_headless_browsers_do_not_claim_to_be_browsers()
    {
        UserAgent.Parse("curl/8.5.0").ClaimsBrowser.ShouldBeFalse();
        UserAgent.Parse("Mozilla/5.0 (compatible; Googlebot/2.1)").ClaimsBrowser.ShouldBeFalse();
        UserAgent.Parse("Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0 Safari/537.36").ClaimsBrowser.ShouldBeFalse();
        UserAgent.Parse("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0").ClaimsBrowser.ShouldBeTrue();
    }

    [Fact]
    public void Reading_allocates_nothing_whatever_the_text()
    {
        string text = new('x', 100_000);
        _ = UserAgent.Parse(text);
        long before = GC.GetAllocatedBytesForCurrentThread();

        _ = UserAgent.Parse(text);
        _ = UserAgent.Parse("Chrome/99999999999999999999");

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void Agents_of_real_browser_traffic_claim_browsers_and_few_of_labelled_bots_do()
    {
        int humans = 0, humansClaimed = 0, bots = 0, botsClaimed = 0;
        foreach (string line in File.ReadLines(Repository.RequireShared("edge", "user-agents.jsonl")))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            bool claims = UserAgent.Parse(row.RootElement.GetProperty("ua").GetString()).ClaimsBrowser;
            if (row.RootElement.GetProperty("label").GetString() == "bot")
            {
                bots++;
                botsClaimed += claims ? 1 : 0;
            }
            else if (row.RootElement.GetProperty("name").GetString() == "real-traffic")
            {
                humans++;
                humansClaimed += claims ? 1 : 0;
            }
        }

        ((double)humansClaimed / humans).ShouldBeGreaterThan(0.999, $"{humansClaimed} of {humans}");
        ((double)botsClaimed / bots).ShouldBeLessThan(0.065, $"{botsClaimed} of {bots}");
    }
}
