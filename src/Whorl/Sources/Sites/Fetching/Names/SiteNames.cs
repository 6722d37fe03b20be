using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Whorl.Kernel;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Names;

/// <summary>Addresses of a name, and the aliases that led to them.</summary>
/// <param name="Fault">Why there are none.</param>
/// <param name="Ms">How long that took, in milliseconds.</param>
internal sealed record NamedAddresses(IReadOnlyList<PeerAddress> Addresses, IReadOnlyList<string> Aliases, string? Fault, long Ms = 0);

/// <summary>
/// The names of one visit. Each is resolved once, so that a second answer of its name server changes nothing; whoever connects has the guard check the
/// address itself all the same.
/// </summary>
internal sealed class SiteNames(DnsClient dns, HostsFile hosts)
{
    public const string NoSuchName = "there is no such name";

    // Addresses of one name that are tried: large services have a dozen.
    private const int MaxAddresses = 16;

    // Aliases that are followed within one answer.
    private const int MaxAliases = 16;

    private readonly ConcurrentDictionary<string, Lazy<Task<NamedAddresses>>> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="cancel">Of the whole visit: the answer is everybody's.</param>
    public Task<NamedAddresses> AddressesAsync(string host, CancellationToken cancel) =>
        _known.GetOrAdd(host, name => new(() => TimedAsync(DnsMessage.Name(name), cancel))).Value;

    // Labels that are dropped from a host in search of its zone.
    private const int MaxClimb = 4;

    /// <summary>Fills in the zone's records: NS, MX and TXT of the zone that the host is in.</summary>
    public async Task<NetworkFacts> ZoneAsync(string host, NetworkFacts facts, List<string> faults, CancellationToken cancel)
    {
        string zone = DnsMessage.Name(host);
        DnsReply servers = await dns.AskAsync(zone, DnsType.Ns, cancel);

        // A host that is no zone is told by the SOA record of the zone above it; for an alias that record is of the zone it leads to, and the name above is asked for.
        for (int i = 0; i < MaxClimb && Owned(servers, zone, DnsType.Ns).Count == 0 && servers.Fault is null; i++)
        {
            string? above = servers.Answers.Any(record => record.Type == DnsType.Cname && record.Owner == zone)
                ? zone[(zone.IndexOf('.', StringComparison.Ordinal) + 1)..]
                : servers.Authority.FirstOrDefault(record => record.Type == DnsType.Soa)?.Owner;
            if (above is null || !above.Contains('.', StringComparison.Ordinal) || !zone.EndsWith("." + above, StringComparison.Ordinal))
            {
                break;
            }

            zone = above;
            servers = await dns.AskAsync(zone, DnsType.Ns, cancel);
        }

        DnsReply[] rest = await Task.WhenAll(dns.AskAsync(zone, DnsType.Mx, cancel), dns.AskAsync(zone, DnsType.Txt, cancel));
        faults.AddRange(new[] { servers, rest[0], rest[1] }.Select(reply => reply.Fault).OfType<string>().Distinct().Select(fault => $"dns: {fault}"));
        return facts with
        {
            Ns = [.. Owned(servers, zone, DnsType.Ns).Select(record => record.Text).Order(StringComparer.Ordinal)],
            Mx = [.. Owned(rest[0], zone, DnsType.Mx).OrderBy(record => record.Preference).ThenBy(record => record.Text, StringComparer.Ordinal).Select(record => $"{record.Preference} {record.Text}")],
            Txt = [.. Owned(rest[1], zone, DnsType.Txt).Select(record => record.Text).Order(StringComparer.Ordinal)],
        };
    }

    private static List<DnsRecord> Owned(DnsReply reply, string name, DnsType type) => [.. reply.Answers.Where(record => record.Type == type && record.Owner == name).Take(MaxListed)];

    // Records of a type that are told.
    private const int MaxListed = 32;

    private async Task<NamedAddresses> TimedAsync(string host, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        return (await ResolveAsync(host, cancel)) with { Ms = (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds };
    }

    private async Task<NamedAddresses> ResolveAsync(string host, CancellationToken cancel)
    {
        // A literal is read as everywhere in Whorl: no octal, no hex, no single number, no scope.
        if (PeerAddress.TryParse(host.Trim('[', ']'), out PeerAddress literal))
        {
            return new([literal], [], null);
        }

        if (IPAddress.TryParse(host, out _))
        {
            return new([], [], "an address is written as four decimal numbers, or in full as IPv6");
        }

        if (hosts.Find(host) is { Count: > 0 } local)
        {
            return new(local, [], null);
        }

        DnsReply[] replies = await Task.WhenAll(dns.AskAsync(host, DnsType.A, cancel), dns.AskAsync(host, DnsType.Aaaa, cancel));
        List<PeerAddress> addresses = [];
        List<string> aliases = [];
        foreach (DnsReply reply in replies)
        {
            string name = host;
            for (int i = 0; i < MaxAliases && reply.Answers.FirstOrDefault(record => record.Type == DnsType.Cname && record.Owner == name) is { } alias; i++)
            {
                name = alias.Text;
                if (!aliases.Contains(name, StringComparer.Ordinal))
                {
                    aliases.Add(name);
                }
            }

            addresses.AddRange(reply.Answers.Where(record => record.Address is not null && record.Owner == name).Select(record => record.Address!.Value));
        }

        return new([.. addresses.Distinct().Take(MaxAddresses)], [.. aliases.Take(MaxAliases)],
            addresses.Count > 0 ? null
            : replies[0].NoSuchName ? NoSuchName
            : replies.Select(reply => reply.Fault).FirstOrDefault(fault => fault is not null) ?? "the name has no address");
    }
}
