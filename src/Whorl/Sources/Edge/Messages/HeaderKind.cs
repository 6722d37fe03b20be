using System.Buffers.Binary;
using System.Text;

namespace Whorl.Sources.Edge.Messages;

/// <summary>Header fields the edge treats in a way of their own; everything else is <see cref="Other"/> and passes.</summary>
internal enum HeaderKind : byte
{
    Other,
    Host,
    ContentLength,
    TransferEncoding,
    Expect,
    Upgrade,
    Connection,

    /// <summary>Meant for the next hop alone (RFC 9110 §7.6.1), besides the ones above.</summary>
    HopByHop,

    XForwardedFor,
    Forwarded,
    XForwardedProto,

    /// <summary>Says who the client is; only the edge itself may say that to an upstream.</summary>
    Identity,

    UserAgent,
    Referer,
    ContentType,
    Accept,
    Date,
}

/// <summary>Tells header fields apart by name, without regard to case.</summary>
internal static class HeaderKinds
{
    /// <summary>Prefix of the fields with which the edge speaks to upstreams and clients; from anybody else they are dropped.</summary>
    public const string OwnPrefix = "x-whorl-";

    // The prefix has just the eight letters that a key holds.
    private static readonly ulong OwnKey = KeyOf(OwnPrefix);

    private static readonly Known[][] ByLength = Sort(
        ("host", HeaderKind.Host),
        ("content-length", HeaderKind.ContentLength),
        ("transfer-encoding", HeaderKind.TransferEncoding),
        ("expect", HeaderKind.Expect),
        ("upgrade", HeaderKind.Upgrade),
        ("connection", HeaderKind.Connection),
        ("keep-alive", HeaderKind.HopByHop),
        ("te", HeaderKind.HopByHop),
        ("trailer", HeaderKind.HopByHop),
        ("proxy-connection", HeaderKind.HopByHop),
        ("proxy-authenticate", HeaderKind.HopByHop),
        ("proxy-authorization", HeaderKind.HopByHop),
        ("proxy-authentication-info", HeaderKind.HopByHop),
        ("http2-settings", HeaderKind.HopByHop),
        ("x-forwarded-for", HeaderKind.XForwardedFor),
        ("forwarded", HeaderKind.Forwarded),
        ("x-forwarded-proto", HeaderKind.XForwardedProto),
        ("x-forwarded-host", HeaderKind.Identity),
        ("x-forwarded-port", HeaderKind.Identity),
        ("x-forwarded-by", HeaderKind.Identity),
        ("x-forwarded-server", HeaderKind.Identity),
        ("x-forwarded-scheme", HeaderKind.Identity),
        ("x-forwarded-ssl", HeaderKind.Identity),
        ("x-forwarded-prefix", HeaderKind.Identity),
        ("x-forwarded-client-cert", HeaderKind.Identity),
        ("x-forwarded", HeaderKind.Identity),
        ("x-real-ip", HeaderKind.Identity),
        ("x-client-ip", HeaderKind.Identity),
        ("x-cluster-client-ip", HeaderKind.Identity),
        ("x-original-forwarded-for", HeaderKind.Identity),
        ("x-envoy-external-address", HeaderKind.Identity),
        ("x-appengine-user-ip", HeaderKind.Identity),
        ("true-client-ip", HeaderKind.Identity),
        ("client-ip", HeaderKind.Identity),
        ("cf-connecting-ip", HeaderKind.Identity),
        ("cf-connecting-ipv6", HeaderKind.Identity),
        ("cf-pseudo-ipv4", HeaderKind.Identity),
        ("fastly-client-ip", HeaderKind.Identity),
        ("fly-client-ip", HeaderKind.Identity),
        ("x-azure-clientip", HeaderKind.Identity),
        ("proxy", HeaderKind.Identity), // HTTP_PROXY in CGI programs (CVE-2016-5385)
        ("user-agent", HeaderKind.UserAgent),
        ("referer", HeaderKind.Referer),
        ("content-type", HeaderKind.ContentType),
        ("accept", HeaderKind.Accept),
        ("date", HeaderKind.Date));

    /// <summary>The first eight letters of a name in lower case, as one number: tells nearly all names apart before they are compared.</summary>
    public static ulong KeyOf(ReadOnlySpan<byte> name)
    {
        ulong key = 0;
        if (name.Length >= 8)
        {
            key = BinaryPrimitives.ReadUInt64LittleEndian(name);
        }
        else
        {
            for (int i = name.Length - 1; i >= 0; i--)
            {
                key = (key << 8) | name[i];
            }
        }

        // Marks that this bit changes are no letters, and no two of them that may stand in a name become the same letter.
        return key | 0x2020_2020_2020_2020;
    }

    public static ulong KeyOf(string lowerCaseName)
    {
        ulong key = 0;
        for (int i = Math.Min(8, lowerCaseName.Length) - 1; i >= 0; i--)
        {
            key = (key << 8) | (byte)lowerCaseName[i];
        }

        return key | 0x2020_2020_2020_2020;
    }

    public static HeaderKind Of(ReadOnlySpan<byte> name, ulong key)
    {
        if (name.Length < ByLength.Length)
        {
            foreach (Known known in ByLength[name.Length])
            {
                if (known.Key == key && (name.Length <= 8 || Ascii.EqualsIgnoreCase(name[8..], known.Name.AsSpan(8))))
                {
                    return known.Kind;
                }
            }
        }

        return key == OwnKey && name.Length > OwnPrefix.Length ? HeaderKind.Identity : HeaderKind.Other;
    }

    public static HeaderKind Of(ReadOnlySpan<char> name)
    {
        if (name.Length is > 0 && name.Length < ByLength.Length)
        {
            foreach (Known known in ByLength[name.Length])
            {
                if (name.Equals(known.Name, StringComparison.OrdinalIgnoreCase))
                {
                    return known.Kind;
                }
            }
        }

        return name.StartsWith(OwnPrefix, StringComparison.OrdinalIgnoreCase) ? HeaderKind.Identity : HeaderKind.Other;
    }

    /// <summary>True for fields that pass from the client to the upstream as they are.</summary>
    public static bool PassesToUpstream(HeaderKind kind) =>
        kind is HeaderKind.Other or >= HeaderKind.UserAgent;

    /// <summary>True for fields that pass from the upstream to the client as they are.</summary>
    public static bool PassesToClient(HeaderKind kind) =>
        kind is HeaderKind.Other or HeaderKind.Host or >= HeaderKind.Expect and not (HeaderKind.Upgrade or HeaderKind.Connection or HeaderKind.HopByHop or HeaderKind.Identity);

    private static Known[][] Sort(params (string Name, HeaderKind Kind)[] known) =>
        [.. Enumerable.Range(0, known.Max(entry => entry.Name.Length) + 1).Select(length => known
            .Where(entry => entry.Name.Length == length).Select(entry => new Known(KeyOf(entry.Name), entry.Name, entry.Kind)).ToArray())];

    private readonly record struct Known(ulong Key, string Name, HeaderKind Kind);
}
