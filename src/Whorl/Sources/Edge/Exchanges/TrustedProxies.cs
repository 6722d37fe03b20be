using Whorl.Kernel;

namespace Whorl.Sources.Edge.Exchanges;

/// <summary>Which proxies may say whom they speak for, and reading what they say.</summary>
internal sealed class TrustedProxies(IEnumerable<Network> networks)
{
    // No honest chain of proxies is longer; each hop costs a parse.
    private const int MaxHops = 32;

    private readonly Network[] _networks = [.. networks];

    public bool IsEmpty => _networks.Length == 0;

    public bool Contains(PeerAddress address)
    {
        foreach (Network network in _networks)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The client behind a trusted peer: from the right, each hop was written by the one before it, and is believed while that one is trusted. The first
    /// address that is not a trusted proxy is the client; at the first thing that is no address the walk stops at the last one believed.
    /// </summary>
    public PeerAddress Walk(PeerAddress peer, string? chain, bool forwarded)
    {
        PeerAddress client = peer;
        ReadOnlySpan<char> rest = chain;
        for (int hop = 0; hop < MaxHops && rest.Length > 0; hop++)
        {
            // A quoted comma cannot stand in an address; a chain that has one is junk from there on.
            int comma = rest.LastIndexOf(',');
            ReadOnlySpan<char> element = rest[(comma + 1)..].Trim();
            if (!TryReadHop(forwarded ? ForOf(element) : element, out PeerAddress address))
            {
                return client;
            }

            client = address;
            if (!Contains(address))
            {
                return client;
            }

            rest = comma < 0 ? default : rest[..comma];
        }

        return client;
    }

    /// <summary>The for parameter of one Forwarded element (RFC 7239 §4).</summary>
    private static ReadOnlySpan<char> ForOf(ReadOnlySpan<char> element)
    {
        foreach (Range range in element.Split(';'))
        {
            ReadOnlySpan<char> pair = element[range].Trim();
            if (pair.StartsWith("for=", StringComparison.OrdinalIgnoreCase))
            {
                return pair[4..].Trim('"');
            }
        }

        return default;
    }

    /// <summary>An address with or without port, IPv6 with or without brackets.</summary>
    private static bool TryReadHop(ReadOnlySpan<char> text, out PeerAddress address)
    {
        address = default;
        if (text.Length is 0 or > 64)
        {
            return false;
        }

        if (text[0] == '[')
        {
            int close = text.IndexOf(']');
            return close > 0 && (close == text.Length - 1 || text[close + 1] == ':') && text[1..close].Contains(':') && PeerAddress.TryParse(text[1..close], out address);
        }

        int colon = text.IndexOf(':');
        bool port = colon >= 0 && text[(colon + 1)..].IndexOf(':') < 0;
        return PeerAddress.TryParse(port ? text[..colon] : text, out address);
    }
}
