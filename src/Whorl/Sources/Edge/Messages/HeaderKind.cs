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

    private static readonly (string Name, HeaderKind Kind)[][] ByLength = Sort(
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

    public static HeaderKind Of(ReadOnlySpan<byte> name)
    {
        if (name.Length < ByLength.Length)
        {
            byte first = (byte)(name[0] | 0x20);
            foreach ((string known, HeaderKind kind) in ByLength[name.Length])
            {
                if (known[0] == first && Ascii.EqualsIgnoreCase(name, known))
                {
                    return kind;
                }
            }
        }

        return IsOwn(name) ? HeaderKind.Identity : HeaderKind.Other;
    }

    public static HeaderKind Of(ReadOnlySpan<char> name)
    {
        if (name.Length is > 0 && name.Length < ByLength.Length)
        {
            foreach ((string known, HeaderKind kind) in ByLength[name.Length])
            {
                if (name.Equals(known, StringComparison.OrdinalIgnoreCase))
                {
                    return kind;
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

    private static bool IsOwn(ReadOnlySpan<byte> name) =>
        name.Length > OwnPrefix.Length && (name[0] | 0x20) == 'x' && Ascii.EqualsIgnoreCase(name[..OwnPrefix.Length], OwnPrefix);

    private static (string Name, HeaderKind Kind)[][] Sort(params (string Name, HeaderKind Kind)[] known)
    {
        (string Name, HeaderKind Kind)[][] byLength = new (string, HeaderKind)[known.Max(entry => entry.Name.Length) + 1][];
        for (int i = 0; i < byLength.Length; i++)
        {
            byLength[i] = [.. known.Where(entry => entry.Name.Length == i)];
        }

        return byLength;
    }
}
