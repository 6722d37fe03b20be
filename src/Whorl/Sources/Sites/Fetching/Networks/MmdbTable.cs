using System.Globalization;
using Whorl.Kernel;
using Whorl.Native.Maxmind;
using Whorl.Sources.Sites.Scans;

namespace Whorl.Sources.Sites.Fetching.Networks;

/// <summary>A MaxMind database, with the names of fields that its publishers use.</summary>
internal sealed class MmdbTable(MaxmindDatabase database) : IAddressTable
{
    private static readonly string[][] Numbers = [["autonomous_system_number"], ["asn"], ["traits", "autonomous_system_number"]];

    private static readonly string[][] Names = [["autonomous_system_organization"], ["as_name"], ["name"], ["traits", "autonomous_system_organization"]];

    private static readonly string[][] Countries = [["country", "iso_code"], ["country_code"], ["country"], ["registered_country", "iso_code"]];

    // A name of a system; the longest real ones have about 100 characters.
    private const int MaxName = 256;

    public AddressFact Find(PeerAddress address)
    {
        using MaxmindDatabase.Entry? entry = database.Find(address.ToIPAddress());
        if (entry is null)
        {
            return new() { Ip = address.ToString() };
        }

        string? number = First(entry, Numbers), name = First(entry, Names), country = First(entry, Countries);
        if (number is ['A' or 'a', 'S' or 's', ..])
        {
            number = number[2..];
        }

        return new()
        {
            Ip = address.ToString(),
            Asn = long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long asn) ? asn : null,
            AsName = name is { Length: > MaxName } ? name[..MaxName] : name,
            Country = country is { Length: 2 } ? country.ToUpperInvariant() : null,
            Prefix = Network.Of(address, address.IsV4 ? 96 + entry.PrefixLength : entry.PrefixLength).ToString(),
        };
    }

    private static string? First(MaxmindDatabase.Entry entry, string[][] paths) => paths.Select(entry.Text).FirstOrDefault(text => text is not null);
}
