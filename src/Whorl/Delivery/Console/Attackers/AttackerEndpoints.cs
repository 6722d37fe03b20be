using System.Globalization;
using Whorl.Analysis.Identities;
using Whorl.Analysis.Rotations;
using Whorl.Delivery.WebConsole.Pages;
using Whorl.Delivery.WebConsole.Serving;

namespace Whorl.Delivery.WebConsole.Attackers;

/// <summary>What the list of attackers shows.</summary>
/// <param name="Shown">Only those who showed this.</param>
/// <param name="Rotations">How often each address changed a fingerprint, and when last.</param>
/// <param name="Next">Those last seen before this are on the next page; null where there is none.</param>
internal sealed record AttackersModel(
    (string Kind, string Value)? Shown, IReadOnlyList<KnownAddress> Addresses, IReadOnlyDictionary<string, (int Count, DateTimeOffset Last)> Rotations, IReadOnlyList<SharedFact> Decoys, IReadOnlyList<SharedFact> Labels,
    long? Next, DateTimeOffset Now);

/// <summary>Who touched a decoy, was probed, or was recognised.</summary>
internal sealed class AttackerEndpoints(IdentityStore identities, RotationStore rotations, TimeProvider clock)
{
    private const int MaxShown = 100;

    private const int MaxGroups = 50;

    public void Map(IEndpointRouteBuilder members) => members.MapGet("/attackers", ListAsync);

    private async Task<IResult> ListAsync(HttpContext http, string? shown, long? before)
    {
        int colon = shown?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        (string, string)? fact = colon > 0 ? (shown![..colon], shown[(colon + 1)..]) : null;
        DateTimeOffset? from = before is > 0 and < 253_402_300_799_999 and { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
        IReadOnlyList<KnownAddress> addresses = await identities.ListAsync(fact, from, MaxShown, http.RequestAborted);
        return Page.Show<AttackersPage, AttackersModel>(http, new(
            fact, addresses, await rotations.CountAsync([.. addresses.Select(address => address.Address)], http.RequestAborted),
            await identities.SharedAsync(AddressFact.Decoy, MaxGroups, http.RequestAborted), await identities.SharedAsync(AddressFact.Label, MaxGroups, http.RequestAborted),
            addresses.Count == MaxShown ? addresses[^1].Last.ToUnixTimeMilliseconds() : null, clock.GetUtcNow()));
    }

    /// <summary>The list narrowed to those who showed this.</summary>
    public static string Link(string kind, string value) => string.Create(CultureInfo.InvariantCulture, $"/attackers?shown={Uri.EscapeDataString(kind + ":" + value)}");
}
