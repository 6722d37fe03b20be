using System.Buffers;

namespace Whorl.Fingerprints.Http;

/// <summary>Who a user agent says it is.</summary>
public enum UserAgentFamily
{
    /// <summary>None of the others.</summary>
    Other = 0,

    /// <summary>Google Chrome, Chromium, and browsers that do not name themselves beside it.</summary>
    Chrome = 1,

    /// <summary>Chrome that says it has no window (<c>HeadlessChrome</c>).</summary>
    HeadlessChrome = 2,

    /// <summary>Microsoft Edge.</summary>
    Edge = 3,

    /// <summary>Opera.</summary>
    Opera = 4,

    /// <summary>Samsung Internet.</summary>
    SamsungInternet = 5,

    /// <summary>Mozilla Firefox.</summary>
    Firefox = 6,

    /// <summary>Apple Safari.</summary>
    Safari = 7,

    /// <summary>Microsoft Internet Explorer.</summary>
    InternetExplorer = 8,

    /// <summary>Another browser built on Chromium that names itself (Vivaldi, Yandex, Brave, Whale and others).</summary>
    OtherChromium = 9,

    /// <summary>A program or library that says what it is: curl, Wget, Python, Go, Java and the like.</summary>
    Tool = 10,

    /// <summary>A crawler that says what it is.</summary>
    Crawler = 11,
}

/// <summary>The engine a user agent claims; it decides how TLS and HTTP/2 must look.</summary>
public enum BrowserEngine
{
    /// <summary>No browser engine claimed.</summary>
    None = 0,

    /// <summary>Chromium's engine and network stack.</summary>
    Blink = 1,

    /// <summary>Firefox's.</summary>
    Gecko = 2,

    /// <summary>Apple's, and that of every browser on iOS.</summary>
    WebKit = 3,

    /// <summary>Internet Explorer's.</summary>
    Trident = 4,

    /// <summary>The Edge of 2015 to 2019.</summary>
    EdgeHtml = 5,

    /// <summary>The Opera of before 2013.</summary>
    Presto = 6,
}

/// <summary>The platform a user agent claims.</summary>
public enum UserAgentPlatform
{
    /// <summary>None named, or none of the others.</summary>
    Unknown = 0,

    /// <summary>Windows on a computer.</summary>
    Windows = 1,

    /// <summary>macOS; iPadOS claims it too.</summary>
    MacOS = 2,

    /// <summary>Linux on a computer.</summary>
    Linux = 3,

    /// <summary>Android.</summary>
    Android = 4,

    /// <summary>iOS on iPhone, iPad or iPod.</summary>
    Ios = 5,

    /// <summary>ChromeOS.</summary>
    ChromeOS = 6,
}

/// <summary>
/// What a User-Agent header claims, as far as checks of its honesty need it: does the TLS, HTTP/2 and header order fit
/// such a browser? Reading one allocates nothing. Everything here is a claim of the peer.
/// </summary>
/// <param name="Family">Who it says it is.</param>
/// <param name="Version">Major version of the family; 0 where none is given.</param>
/// <param name="Engine">The engine it claims.</param>
/// <param name="EngineVersion">Major version of the engine: of Chromium, of Firefox, of AppleWebKit; 0 where none is given.</param>
/// <param name="Platform">The platform it claims.</param>
/// <param name="IsMobile">True where it claims a telephone or tablet.</param>
public readonly record struct UserAgent(
    UserAgentFamily Family,
    int Version,
    BrowserEngine Engine,
    int EngineVersion,
    UserAgentPlatform Platform,
    bool IsMobile)
{
    /// <summary>Characters of the header that are read. Real ones stay under 400; what follows cannot change the verdict.</summary>
    public const int MaxLength = 2048;

    private const int MaxVersion = 99_999;

    // Order matters: a browser that builds on another names both, and the more particular one counts.
    private static readonly (string Mark, UserAgentFamily Family)[] ChromiumBrowsers =
    [
        ("Edg/", UserAgentFamily.Edge), ("EdgA/", UserAgentFamily.Edge), ("OPR/", UserAgentFamily.Opera), ("OPX/", UserAgentFamily.Opera),
        ("SamsungBrowser/", UserAgentFamily.SamsungInternet), ("Vivaldi/", UserAgentFamily.OtherChromium),
        ("YaBrowser/", UserAgentFamily.OtherChromium), ("Whale/", UserAgentFamily.OtherChromium), ("Brave/", UserAgentFamily.OtherChromium),
        ("UCBrowser/", UserAgentFamily.OtherChromium), ("MiuiBrowser/", UserAgentFamily.OtherChromium),
        ("HuaweiBrowser/", UserAgentFamily.OtherChromium), ("DuckDuckGo/", UserAgentFamily.OtherChromium),
        ("HeadlessChrome/", UserAgentFamily.HeadlessChrome), ("Chrome/", UserAgentFamily.Chrome), ("Chromium/", UserAgentFamily.Chrome),
    ];

    // On iOS every browser runs on Apple's engine, whatever its name.
    private static readonly (string Mark, UserAgentFamily Family)[] WebKitBrowsers =
    [
        ("CriOS/", UserAgentFamily.Chrome), ("FxiOS/", UserAgentFamily.Firefox), ("EdgiOS/", UserAgentFamily.Edge),
        ("OPiOS/", UserAgentFamily.Opera), ("OPT/", UserAgentFamily.Opera), ("Version/", UserAgentFamily.Safari),
    ];

    // First product names of programs, compared without case.
    private static readonly string[] Tools =
    [
        "curl", "libcurl", "wget", "python", "aiohttp", "httpx", "urllib", "requests", "scrapy", "go-http-client", "java", "apache-httpclient",
        "okhttp", "axios", "node", "undici", "got", "postmanruntime", "insomnia", "httpie", "libwww-perl", "lwp", "perl", "ruby", "faraday",
        "php", "guzzlehttp", "symfony", "winhttp", "dart", "reqwest", "hyper", "rust", "aria2", "axel", "httrack", "zgrab", "masscan", "nikto",
        "sqlmap", "nmap", "nuclei", "ffuf", "gobuster", "feroxbuster", "wpscan", "fasthttp", "powershell", "restsharp", "dotnet", "ab", "apachebench",
    ];

    private static readonly SearchValues<string> CrawlerWords = SearchValues.Create(
        ["bot", "crawl", "spider", "slurp", "://", "scraper", "archiver", "preview"], StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// True where it claims to be a browser that a person looks at; crawlers and headless browsers do not. Services that drive a
    /// real browser and add only their name (some 6 % of labelled bots) claim one too: their names are for lists to know.
    /// </summary>
    public bool ClaimsBrowser => Engine != BrowserEngine.None && Family is not (UserAgentFamily.Crawler or UserAgentFamily.Tool or UserAgentFamily.HeadlessChrome);

    /// <summary>Reads a User-Agent header.</summary>
    /// <param name="text">The value; anything at all.</param>
    public static UserAgent Parse(ReadOnlySpan<char> text)
    {
        text = text[..Math.Min(text.Length, MaxLength)];
        UserAgentPlatform platform = PlatformOf(text);
        bool mobile = platform is UserAgentPlatform.Android or UserAgentPlatform.Ios || Has(text, "Mobile");
        (BrowserEngine engine, int engineVersion) = EngineOf(text, platform);
        (UserAgentFamily family, int version) = FamilyOf(text, engine, engineVersion);
        if (SaysCrawler(text))
        {
            family = UserAgentFamily.Crawler;
            version = 0;
        }

        return new UserAgent(family, version, engine, engineVersion, platform, mobile);
    }

    private static UserAgentPlatform PlatformOf(ReadOnlySpan<char> text) =>
        Has(text, "Android") ? UserAgentPlatform.Android
        : Has(text, "iPhone") || Has(text, "iPad") || Has(text, "iPod") ? UserAgentPlatform.Ios
        : Has(text, "CrOS ") ? UserAgentPlatform.ChromeOS
        : Has(text, "Windows NT") || Has(text, "Windows 9") ? UserAgentPlatform.Windows
        : Has(text, "Macintosh") || Has(text, "Mac OS X") ? UserAgentPlatform.MacOS
        : Has(text, "Linux") || Has(text, "X11;") ? UserAgentPlatform.Linux
        : UserAgentPlatform.Unknown;

    private static (BrowserEngine Engine, int Version) EngineOf(ReadOnlySpan<char> text, UserAgentPlatform platform)
    {
        if (!text.StartsWith("Mozilla/", StringComparison.Ordinal))
        {
            return text.StartsWith("Opera/", StringComparison.Ordinal) ? (BrowserEngine.Presto, After(text, "Presto/")) : (BrowserEngine.None, 0);
        }

        if (Has(text, "Trident/") || Has(text, "MSIE "))
        {
            return (BrowserEngine.Trident, After(text, "Trident/"));
        }

        if (Has(text, " Edge/"))
        {
            return (BrowserEngine.EdgeHtml, After(text, " Edge/"));
        }

        if (Has(text, "AppleWebKit/"))
        {
            int chromium = Math.Max(After(text, "Chrome/"), After(text, "Chromium/"));
            return platform != UserAgentPlatform.Ios && chromium > 0
                ? (BrowserEngine.Blink, chromium)
                : (BrowserEngine.WebKit, After(text, "AppleWebKit/"));
        }

        return Has(text, "Gecko/") ? (BrowserEngine.Gecko, Math.Max(After(text, "Firefox/"), After(text, "rv:"))) : (BrowserEngine.None, 0);
    }

    private static (UserAgentFamily Family, int Version) FamilyOf(ReadOnlySpan<char> text, BrowserEngine engine, int engineVersion) => engine switch
    {
        BrowserEngine.Trident => (UserAgentFamily.InternetExplorer, Has(text, "MSIE ") ? After(text, "MSIE ") : After(text, "rv:")),
        BrowserEngine.EdgeHtml => (UserAgentFamily.Edge, engineVersion),
        BrowserEngine.Presto => (UserAgentFamily.Opera, Has(text, "Version/") ? After(text, "Version/") : After(text, "Opera/")),
        BrowserEngine.Gecko => Has(text, "Firefox/") ? (UserAgentFamily.Firefox, After(text, "Firefox/")) : (UserAgentFamily.Other, 0),
        BrowserEngine.Blink => Named(text, ChromiumBrowsers),
        BrowserEngine.WebKit => Named(text, WebKitBrowsers),
        _ => StartsWithTool(text) ? (UserAgentFamily.Tool, FirstVersion(text)) : (UserAgentFamily.Other, 0),
    };

    private static (UserAgentFamily Family, int Version) Named(ReadOnlySpan<char> text, (string Mark, UserAgentFamily Family)[] browsers)
    {
        foreach ((string mark, UserAgentFamily family) in browsers)
        {
            if (Has(text, mark))
            {
                return (family, After(text, mark));
            }
        }

        return (UserAgentFamily.Other, 0);
    }

    private static bool StartsWithTool(ReadOnlySpan<char> text)
    {
        foreach (string tool in Tools)
        {
            if (text.StartsWith(tool, StringComparison.OrdinalIgnoreCase) && (text.Length == tool.Length || !char.IsAsciiLetter(text[tool.Length])))
            {
                return true;
            }
        }

        return false;
    }

    // "CUBOT" is a maker of telephones, and the one common word in which "bot" means nothing.
    private static bool SaysCrawler(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> rest = text;
        while (rest.IndexOfAny(CrawlerWords) is var at and >= 0)
        {
            if (at < 2 || !rest[(at - 2)..].StartsWith("cubot", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }

            rest = rest[(at + 3)..];
        }

        // Only Internet Explorer and its contemporaries say "compatible" of themselves; since then it is a crawler's word.
        return Has(text, "compatible;") && !Has(text, "MSIE") && !Has(text, "Konqueror");
    }

    private static int FirstVersion(ReadOnlySpan<char> text)
    {
        int slash = text.IndexOf('/');
        return slash < 0 ? 0 : Number(text[(slash + 1)..]);
    }

    private static bool Has(ReadOnlySpan<char> text, string mark) => text.Contains(mark, StringComparison.Ordinal);

    private static int After(ReadOnlySpan<char> text, string mark)
    {
        int at = text.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? 0 : Number(text[(at + mark.Length)..]);
    }

    private static int Number(ReadOnlySpan<char> text)
    {
        int value = 0;
        foreach (char each in text)
        {
            if (!char.IsAsciiDigit(each) || value > MaxVersion)
            {
                break;
            }

            value = (value * 10) + (each - '0');
        }

        return value;
    }
}
