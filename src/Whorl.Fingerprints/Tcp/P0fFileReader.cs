namespace Whorl.Fingerprints.Tcp;

/// <summary>Reads the lines of a p0f 3 signature file.</summary>
internal sealed class P0fFileReader
{
    private string? _section;
    private string? _labelText;
    private P0fLabel? _label;
    private string[] _systems = [];

    public List<P0fPattern> Syn { get; } = [];

    public List<P0fPattern> SynAck { get; } = [];

    public Dictionary<int, string> Mtu { get; } = [];

    public List<P0fFault> Faults { get; } = [];

    public void Read(string text)
    {
        int number = 0;
        foreach (ReadOnlySpan<char> raw in text.AsSpan().EnumerateLines())
        {
            number++;
            string line = raw.Trim().ToString();
            if (line.Length == 0 || line[0] == ';')
            {
                continue;
            }

            string? reason = line[0] == '[' ? ReadSection(line) : ReadPair(line, number);
            if (reason is not null)
            {
                Faults.Add(new P0fFault(number, reason));
            }
        }
    }

    private string? ReadSection(string line)
    {
        _section = line;
        _label = null;
        _labelText = null;
        return line is "[mtu]" or "[tcp:request]" or "[tcp:response]" or "[http:request]" or "[http:response]" ? null : "unknown section";
    }

    private string? ReadPair(string line, int number)
    {
        int equals = line.IndexOf('=');
        if (equals < 0)
        {
            return "expected name = value";
        }

        string name = line[..equals].TrimEnd();
        string value = line[(equals + 1)..].TrimStart();
        return _section switch
        {
            "[mtu]" => ReadMtu(name, value),
            "[tcp:request]" => ReadTcp(name, value, number, Syn),
            "[tcp:response]" => ReadTcp(name, value, number, SynAck),
            _ => null, // classes before the first section, HTTP sections, and unknown ones that are a fault already
        };
    }

    private string? ReadMtu(string name, string value)
    {
        switch (name)
        {
            case "label":
                _labelText = value;
                return null;
            case "sig" when _labelText is null:
                return "a signature before its label";
            case "sig":
                // The first one counts, as in p0f.
                return int.TryParse(value, out int mtu) && mtu is > 0 and <= 65535 ? Mtu.TryAdd(mtu, _labelText) ? null : "this size has a label already" : "the size is 1 to 65535";
            default:
                return "expected label or sig";
        }
    }

    private string? ReadTcp(string name, string value, int number, List<P0fPattern> patterns)
    {
        switch (name)
        {
            case "label":
                _label = ReadLabel(value);
                _systems = [];
                return _label is null ? "a label is s or g, class, name and flavour, with colons between" : null;
            case "sys":
                _systems = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                return null;
            case "sig" when _label is null:
                return "a signature without a label";
            case "sig":
                P0fPattern pattern = new() { Line = number, Label = _label, Systems = _systems };
                if (pattern.TryRead(value) is { } reason)
                {
                    return reason;
                }

                patterns.Add(pattern);
                return null;
            default:
                return "expected label, sys or sig";
        }
    }

    private static P0fLabel? ReadLabel(string value)
    {
        string[] parts = value.Split(':', 4);
        return parts.Length == 4 && parts[0] is "s" or "g" && parts[1].Length > 0 && parts[2].Length > 0
            ? new P0fLabel(parts[0] == "g", parts[1] == "!" ? null : parts[1], parts[2], parts[3])
            : null;
    }
}
