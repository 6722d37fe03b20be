using System.ComponentModel.DataAnnotations;

namespace Whorl.Sources.Sites;

/// <summary>What a visit takes, and how long it may last. Every number is a cap on what strangers send.</summary>
internal sealed class FetchOptions
{
    /// <summary>Time for the page: from the question for its name to its last byte, with all redirects.</summary>
    [Range(typeof(TimeSpan), "0:00:00.1", "0:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Bytes of a page, after decompression; what comes after them is not read.</summary>
    [Range(1, 64 * 1024 * 1024)]
    public int HtmlMaxBytes { get; set; } = 512_000;

    /// <summary>Characters of the page that the scan shows, from its start; control characters are left out.</summary>
    [Range(0, 1024 * 1024)]
    public int SampleBytes { get; set; } = 2048;

    /// <summary>Headers of the answer that are kept.</summary>
    [Range(0, 1000)]
    public int MaxHeaders { get; set; } = 50;

    /// <summary>Characters of a header's value.</summary>
    [Range(0, 64 * 1024)]
    public int HeaderValueMax { get; set; } = 512;

    /// <summary>Set-Cookie headers that are kept.</summary>
    [Range(0, 1000)]
    public int MaxSetCookie { get; set; } = 5;

    /// <summary>Characters of each of them.</summary>
    [Range(0, 64 * 1024)]
    public int SetCookieMax { get; set; } = 512;

    /// <summary>Time for one script, style sheet or image.</summary>
    [Range(typeof(TimeSpan), "0:00:00.1", "0:10:00")]
    public TimeSpan AssetTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of one script, style sheet or image.</summary>
    [Range(0, 64 * 1024 * 1024)]
    public int AssetMaxBytes { get; set; } = 256_000;

    /// <summary>Scripts, style sheets and images of a site that are fetched.</summary>
    [Range(0, 1000)]
    public int MaxAssets { get; set; } = 10;

    /// <summary>Hosts of other sites that are kept for one page.</summary>
    [Range(0, 10_000)]
    public int MaxExternalDomains { get; set; } = 50;

    /// <summary>Time for one icon.</summary>
    [Range(typeof(TimeSpan), "0:00:00.1", "0:10:00")]
    public TimeSpan FaviconTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of one icon.</summary>
    [Range(0, 16 * 1024 * 1024)]
    public int FaviconMaxBytes { get; set; } = 100_000;

    /// <summary>Table that tells which system, prefix and country an address belongs to: an iptoasn.com TSV, gzipped or not, or an MMDB. Empty: it is not told.</summary>
    public string AsnPath { get; set; } = "";

    /// <summary>Name servers that are asked, such as 9.9.9.9 or [2620:fe::fe]:53. Empty: those of /etc/resolv.conf.</summary>
    public List<string> NameServers { get; set; } = [];

    /// <summary>Time for JARM: ten hellos.</summary>
    [Range(typeof(TimeSpan), "0:00:00.1", "0:10:00")]
    public TimeSpan JarmTimeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Leave out JARM, which costs ten connections a site.</summary>
    public bool DisableJarm { get; set; }

    /// <summary>Leave out everything about TLS, JARM included; pages are fetched over it all the same.</summary>
    public bool DisableTls { get; set; }

    /// <summary>Take a picture of each page with Chromium, where it is installed. Scripts of the page run in its sandbox; everything it fetches is subject to the same guard.</summary>
    public bool Screenshot { get; set; }

    /// <summary>Time for a page to load before its picture is taken as it is.</summary>
    [Range(typeof(TimeSpan), "0:00:01", "0:02:00")]
    public TimeSpan ScreenshotTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Bytes that a page may load for its picture.</summary>
    [Range(1, 1024L * 1024 * 1024)]
    public long ScreenshotMaxBytes { get; set; } = 20_000_000;

    /// <summary>Path of the Chromium that takes pictures. Empty: the one that is installed.</summary>
    public string Browser { get; set; } = "";

    /// <summary>How the worker introduces itself. The default is a browser's: pages that hide from robots show themselves to it.</summary>
    [RegularExpression("[ -~]{1,512}")]
    public string UserAgent { get; set; } = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
}
