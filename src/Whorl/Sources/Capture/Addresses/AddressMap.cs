using System.Collections.Frozen;
using System.Text;
using Whorl.Kernel;
using Whorl.Kernel.Writing;

namespace Whorl.Sources.Capture.Addresses;

/// <summary>Names of addresses: which decoy or service has which. The longest prefix counts. Immutable.</summary>
internal sealed class AddressMap
{
    /// <summary>Lines of a map; a decoy network of a /16 fits with every address named.</summary>
    public const int MaxEntries = 100_000;

    /// <summary>Bytes of a name.</summary>
    public const int MaxNameLength = 64;

    public static readonly AddressMap Empty = new([]);

    // By prefix length, longest first; a look-up asks each length that occurs.
    private readonly (int Length, FrozenDictionary<UInt128, byte[]> Names)[] _lengths;

    private AddressMap(IEnumerable<(Network Network, byte[] Name)> entries) =>
        _lengths = [.. entries.GroupBy(entry => entry.Network.Length).OrderByDescending(group => group.Key)
            .Select(group => (group.Key, group.GroupBy(entry => entry.Network.First.Bits).ToFrozenDictionary(same => same.Key, same => same.Last().Name)))];

    public bool IsEmpty => _lengths.Length == 0;

    public int Count => _lengths.Sum(length => length.Names.Count);

    /// <summary>The name of an address as JSON text with its quotes; null where it has none.</summary>
    public byte[]? NameOf(PeerAddress address)
    {
        foreach ((int length, FrozenDictionary<UInt128, byte[]> names) in _lengths)
        {
            if (names.TryGetValue(Network.Of(address, length).First.Bits, out byte[]? name))
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>
    /// Reads lines of an address or prefix and a name, such as <c>203.0.113.0/28 web-decoy</c>; empty lines and what follows a # are passed over.
    /// False with the first fault, which names its line.
    /// </summary>
    public static bool TryParse(IEnumerable<string> lines, out AddressMap map, out string? fault)
    {
        map = Empty;
        fault = null;
        List<(Network, byte[])> entries = [];
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            string text = line.Split('#', 2)[0].Trim();
            if (text.Length == 0)
            {
                continue;
            }

            string[] parts = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length != 2 || !Network.TryParse(parts[0], out Network network))
            {
                fault = $"{number}: '{text}' is no address and name; write it as 203.0.113.0/28 web-decoy";
            }
            else if (Encoding.UTF8.GetByteCount(parts[1]) > MaxNameLength)
            {
                fault = $"{number}: the name is longer than {MaxNameLength} bytes";
            }
            else if (entries.Count == MaxEntries)
            {
                fault = $"{number}: there are more than {MaxEntries} entries";
            }
            else
            {
                Utf8JsonBuffer name = new(MaxNameLength);
                HostileText.Write(ref name, Encoding.UTF8.GetBytes(parts[1]), MaxNameLength);
                entries.Add((network, name.ToArray()));
                continue;
            }

            return false;
        }

        map = new(entries);
        return true;
    }
}

/// <summary>The map in use; swapped whole when its file changes.</summary>
internal sealed class AddressBook(AddressMap first)
{
    private volatile AddressMap _current = first;

    public AddressMap Current
    {
        get => _current;
        set => _current = value;
    }
}
