using System.Collections.Frozen;
using Whorl.Kernel;

namespace Whorl.Sources.Sites.Fetching.Names;

/// <summary>Names that this machine's own table gives addresses, before any name server is asked. Read once; immutable.</summary>
internal sealed class HostsFile
{
    public const string SystemPath = "/etc/hosts";

    private readonly FrozenDictionary<string, PeerAddress[]> _names;

    private HostsFile(FrozenDictionary<string, PeerAddress[]> names) => _names = names;

    public static HostsFile Parse(string text)
    {
        List<(string Name, PeerAddress Address)> found = [];
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 1 && PeerAddress.TryParse(words[0], out PeerAddress address))
            {
                found.AddRange(words.Skip(1).Select(name => (DnsMessage.Name(name), address)));
            }
        }

        return new(found.GroupBy(each => each.Name, StringComparer.Ordinal).ToFrozenDictionary(names => names.Key, names => names.Select(each => each.Address).Distinct().ToArray(), StringComparer.Ordinal));
    }

    public static HostsFile Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Parse("");
        }
    }

    public IReadOnlyList<PeerAddress> Find(string name) => _names.GetValueOrDefault(name, []);
}
