using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;

namespace Whorl.Analysis.Rules.Compiled;

/// <summary>What most requests look like, so that the compiler can tell which comparisons are seldom true. Never decides anything.</summary>
internal static class OrdinaryRequest
{
    private const string Chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36";
    private const string Firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";
    private const string Safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.3 Mobile/15E148 Safari/604.1";

    public static IReadOnlyList<FactBag> Samples { get; } =
    [
        Page(Chrome, "chrome", 147, "2").With(Header("sec-ch-ua"), "\"Chromium\";v=\"147\"").With(Header("sec-ch-ua-mobile"), "?0").With(Header("sec-ch-ua-platform"), "\"Windows\""),
        Page(Firefox, "firefox", 150, "2").With(Header("te"), "trailers"),
        Page(Safari, "safari", 26, "1.1").With(Header("connection"), "keep-alive"),
    ];

    /// <summary>All texts of the samples.</summary>
    public static IEnumerable<string> Texts => Samples.SelectMany(sample => sample.Values.Values).OfType<string>();

    /// <summary>For each leaf, the part of ordinary requests it is true of.</summary>
    public static double[] ShareOfTrue(Probe[] probes, int[] probeOf)
    {
        double[] shares = new double[probeOf.Length];
        foreach (FactBag sample in Samples)
        {
            ulong[] truth = new ulong[(probeOf.Length + 63) / 64];
            ulong[] probed = new ulong[(probes.Length + 63) / 64];
            Evaluation evaluation = new(sample, truth, probed);
            foreach (Probe probe in probes)
            {
                evaluation.Ensure(probe);
            }

            for (int leaf = 0; leaf < shares.Length; leaf++)
            {
                shares[leaf] += evaluation.IsTrue(leaf) ? 1.0 / Samples.Count : 0;
            }
        }

        return shares;
    }

    private static FactBag Page(string userAgent, string family, double version, string http) => new FactBag()
        .With(Fields.ClientDirect, true)
        .With(Fields.HttpMethod, "GET").With(Fields.HttpScheme, "https").With(Fields.HttpHost, "www.example.com")
        .With(Fields.HttpPath, "/articles/2026/11/index.html").With(Fields.HttpTarget, "/articles/2026/11/index.html?page=2").With(Fields.HttpQuery, "page=2")
        .With(Fields.HttpVersion, http).With(Fields.HttpUserAgent, userAgent).With(Fields.HttpReferer, "https://www.example.com/").With(Fields.HttpHeaderCount, 14.0)
        .With(Fields.TlsAlpn, "h2,http/1.1").With(Fields.TlsVersion, "1.3").With(Fields.TlsJa4, "t13d1517h2_8daaf6152771_cb7bf5808d99").With(Fields.TlsSni, "www.example.com")
        .With(Fields.AgentFamily, family).With(Fields.AgentVersion, version).With(Fields.AgentIsBrowser, true).With(Fields.AgentPlatform, "windows")
        .With(Fields.RobotsDisallowed, false)
        .With(Header("host"), "www.example.com").With(Header("user-agent"), userAgent)
        .With(Header("accept"), "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8").With(Header("accept-encoding"), "gzip, deflate, br, zstd").With(Header("accept-language"), "en-US,en;q=0.9")
        .With(Header("sec-fetch-site"), "same-origin").With(Header("sec-fetch-mode"), "navigate").With(Header("sec-fetch-dest"), "document").With(Header("sec-fetch-user"), "?1")
        .With(Header("cookie"), "session=1").With(Header("upgrade-insecure-requests"), "1").With(Header("cache-control"), "max-age=0");

    private static Field Header(string name) => Fields.Find(Fields.HeaderPrefix + name)!;
}
