using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Whorl.Sources.Decoys.Personas;

namespace Whorl.Sources.Decoys.Shell;

/// <summary>The made-up file system of one conversation: the persona's files, and over them what the peer changed. Nothing of it is ever on a disk.</summary>
internal sealed class FileTree(Persona persona)
{
    // What a conversation may add: more than droppers write, less than would matter.
    private const int MaxChanged = 256;

    private const int MaxBytes = 2 * 1024 * 1024;

    private const int MaxPath = 512;

    private readonly FrozenDictionary<string, byte[]> _base = BaseFiles.Of(persona);
    private readonly Dictionary<string, byte[]?> _changed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _folders = new(BaseFiles.Folders, StringComparer.Ordinal);
    private int _bytes;

    /// <summary>The folder the peer stands in.</summary>
    public string Folder { get; private set; } = "/";

    /// <summary>Files the peer wrote, with their content.</summary>
    public IEnumerable<(string Path, byte[] Content)> Written => _changed.Where(entry => entry.Value is { Length: > 0 }).Select(entry => (entry.Key, entry.Value!));

    public bool TryEnter(string path)
    {
        string full = Full(path);
        if (!IsFolder(full))
        {
            return false;
        }

        Folder = full;
        return true;
    }

    public byte[]? Read(string path)
    {
        string full = Full(path);
        return _changed.TryGetValue(full, out byte[]? changed) ? changed : _base.GetValueOrDefault(full);
    }

    public bool Exists(string path) => IsFolder(Full(path)) || Read(path) is not null;

    public bool IsFolder(string full) => _folders.Contains(full) || _base.Keys.Any(file => file.StartsWith(full.TrimEnd('/') + "/", StringComparison.Ordinal));

    /// <summary>False where there is no such folder, or no room.</summary>
    public bool Write(string path, ReadOnlySpan<byte> content, bool append)
    {
        string full = Full(path);
        if (full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal))
        {
            return true;
        }

        byte[] before = append ? Read(path) ?? [] : [];
        if (IsFolder(full) || !IsFolder(Parent(full)) || _changed.Count >= MaxChanged || _bytes + before.Length + content.Length > MaxBytes)
        {
            return false;
        }

        _bytes += before.Length + content.Length;
        _changed[full] = [.. before, .. content];
        return true;
    }

    public bool Remove(string path)
    {
        string full = Full(path);
        if (Read(path) is null || _changed.Count >= MaxChanged)
        {
            return _folders.Remove(full);
        }

        _changed[full] = null;
        return true;
    }

    public bool MakeFolder(string path) => _folders.Count < BaseFiles.Folders.Length + MaxChanged && IsFolder(Parent(Full(path))) && _folders.Add(Full(path));

    /// <summary>As <c>ls</c> shows it; one a line.</summary>
    public string List(string path, bool all, bool details)
    {
        string full = Full(path);
        if (!IsFolder(full))
        {
            return Read(path) is { } file ? Line(full, full, file.Length, folder: false, details) : "";
        }

        string prefix = full.TrimEnd('/') + "/";
        SortedDictionary<string, int> names = new(StringComparer.Ordinal);
        IEnumerable<string> files = _base.Keys.Where(file => !_changed.ContainsKey(file)).Concat(_changed.Where(entry => entry.Value is not null).Select(entry => entry.Key));
        foreach (string each in files.Concat(_folders.Select(folder => folder + "/")).Where(each => each.Length > prefix.Length && each.StartsWith(prefix, StringComparison.Ordinal)))
        {
            int slash = each.IndexOf('/', prefix.Length);
            string name = slash < 0 ? each[prefix.Length..] : each[prefix.Length..slash];
            if (all || !name.StartsWith('.'))
            {
                names[name] = slash < 0 ? Read(each)?.Length ?? 0 : -1;
            }
        }

        StringBuilder text = new();
        if (all && details)
        {
            text.Append(Line(full, ".", -1, folder: true, details)).Append(Line(full, "..", -1, folder: true, details));
        }

        foreach ((string name, int length) in names)
        {
            text.Append(Line(prefix + name, name, length, length < 0, details));
        }

        return text.ToString();
    }

    public string Full(string path)
    {
        path = path.Length > MaxPath ? path[..MaxPath] : path;
        path = path.StartsWith('~') ? "/root" + path[1..] : path;
        List<string> parts = [];
        foreach (string part in (path.StartsWith('/') ? path : $"{Folder}/{path}").Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ".."))
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join('/', parts);
    }

    private static string Parent(string full) => full.LastIndexOf('/') is > 0 and int slash ? full[..slash] : "/";

    private static string Line(string full, string name, int length, bool folder, bool details)
    {
        if (!details)
        {
            return name + "\n";
        }

        // A date that stays the same for a name, as real ones do.
        uint seed = 2166136261;
        foreach (char c in full)
        {
            seed = (seed ^ c) * 16777619;
        }

        string rights = folder ? "drwxr-xr-x" : full.StartsWith("/bin/", StringComparison.Ordinal) ? "-rwxr-xr-x" : "-rw-r--r--";
        string month = "JanFebMarAprMayJunJulAugSepOctNovDec".Substring((int)(seed % 12) * 3, 3);
        return string.Create(CultureInfo.InvariantCulture, $"{rights} {(folder ? 2 : 1),2} root     root     {(folder ? 4096 : length),8} {month} {(seed / 12 % 28) + 1,2} {(seed / 400 % 24):00}:{(seed / 9600 % 60):00} {name}\n");
    }
}
