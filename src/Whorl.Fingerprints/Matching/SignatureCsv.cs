namespace Whorl.Fingerprints.Matching;

/// <summary>A line of a list that is no signature.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Reason">What is wrong with it, for a person.</param>
public readonly record struct SignatureCsvError(int Line, string Reason);

/// <summary>
/// Reads lists of fingerprints as they are published: <c>value,label[,source]</c>, or with a header row or comment that names
/// the columns (such as abuse.ch's <c># ja3_md5,Firstseen,Lastseen,Listingreason</c>). A star at the end of a value makes it a prefix.
/// </summary>
public sealed class SignatureCsv
{
    /// <summary>Signatures of one list at most; the largest published lists have some ten thousand.</summary>
    public const int MaxSignatures = 1_000_000;

    /// <summary>Characters of one line at most; a fingerprint, a label and some remarks stay far below.</summary>
    public const int MaxLineLength = 8192;

    /// <summary>Bad lines that are described; further ones are counted in <see cref="BadLines"/> alone.</summary>
    public const int MaxErrors = 100;

    private const int MaxFields = 32;

    private static readonly string[] ValueNames =
        ["value", "fingerprint", "hash", "md5", "ja3", "ja3_md5", "ja3_hash", "ja3s", "ja4", "jarm", "hassh", "hasshserver", "hassh_md5", "favicon", "mmh3", "ssdeep", "tlsh", "sha256"];

    private static readonly string[] LabelNames =
        ["label", "listingreason", "reason", "name", "malware", "family", "application", "client", "description", "desc", "tool"];

    private static readonly string[] SourceNames = ["source", "reference", "list"];

    private readonly List<Signature> _signatures = [];
    private readonly List<SignatureCsvError> _errors = [];
    private readonly FingerprintKind _kind;
    private readonly string _source;
    private int _valueColumn;
    private int _labelColumn = 1;
    private int _sourceColumn = 2;

    private SignatureCsv(FingerprintKind kind, string source)
    {
        _kind = kind;
        _source = source;
    }

    /// <summary>The signatures, in the order of the list.</summary>
    public IReadOnlyList<Signature> Signatures => _signatures;

    /// <summary>The first bad lines.</summary>
    public IReadOnlyList<SignatureCsvError> Errors => _errors;

    /// <summary>How many lines were bad.</summary>
    public int BadLines { get; private set; }

    /// <summary>Reads a list; bad lines are reported and left out.</summary>
    /// <param name="text">The whole list; lines end in LF or CRLF.</param>
    /// <param name="kind">What the list is about.</param>
    /// <param name="source">The name of the list, for signatures that name no source, and as label for those without one.</param>
    public static SignatureCsv Parse(ReadOnlySpan<char> text, FingerprintKind kind, string source)
    {
        SignatureCsv list = new(kind, source ?? string.Empty);
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.TrimStart('\uFEFF').EnumerateLines())
        {
            list.Read(line.Trim(), ++number);
            if (list._signatures.Count == MaxSignatures)
            {
                list.Complain(number, $"the list is cut after {MaxSignatures} signatures");
                break;
            }
        }

        return list;
    }

    private void Read(ReadOnlySpan<char> line, int number)
    {
        if (line.IsEmpty)
        {
            return;
        }

        List<string> fields = [];
        if (line.StartsWith('#'))
        {
            if (line.Length <= MaxLineLength && TrySplit(line.TrimStart("# "), fields))
            {
                UseAsHeader(fields);
            }
        }
        else if (line.Length > MaxLineLength)
        {
            Complain(number, $"longer than {MaxLineLength} characters");
        }
        else if (!TrySplit(line, fields))
        {
            Complain(number, "a quote is not closed, or there are too many fields");
        }
        else if (!(_signatures.Count == 0 && UseAsHeader(fields)))
        {
            Add(fields, number);
        }
    }

    /// <summary>Takes the places of the columns from a line that names a value column and another one.</summary>
    private bool UseAsHeader(List<string> fields)
    {
        int value = Find(fields, ValueNames);
        int label = Find(fields, LabelNames);
        int source = Find(fields, SourceNames);
        if (value < 0 || (label < 0 && source < 0 && fields.Count > 1))
        {
            return false;
        }

        (_valueColumn, _labelColumn, _sourceColumn) = (value, label, source);
        return true;
    }

    private static int Find(List<string> fields, string[] names) =>
        fields.FindIndex(field => Array.Exists(names, name => name.Equals(field, StringComparison.OrdinalIgnoreCase)));

    private void Add(List<string> fields, int number)
    {
        string text = Field(fields, _valueColumn);
        bool prefix = text.EndsWith('*');
        string value;
        if (prefix)
        {
            value = FingerprintValue.NormalizePrefix(_kind, text.AsSpan(..^1));
            if (value.Length is 0 or > FingerprintValue.MaxLength)
            {
                Complain(number, "a star alone would match everything");
                return;
            }
        }
        else if (!FingerprintValue.TryNormalize(_kind, text, out value))
        {
            Complain(number, $"the value is no {_kind} fingerprint");
            return;
        }

        string label = Field(fields, _labelColumn);
        string source = Field(fields, _sourceColumn);
        _signatures.Add(new Signature(_kind, value, label.Length > 0 ? label : _source, source.Length > 0 ? source : _source, prefix));
    }

    private static string Field(List<string> fields, int column) => column >= 0 && column < fields.Count ? fields[column] : string.Empty;

    private void Complain(int number, string reason)
    {
        BadLines++;
        if (_errors.Count < MaxErrors)
        {
            _errors.Add(new SignatureCsvError(number, reason));
        }
    }

    /// <summary>Splits at commas; a field in quotes may hold commas and doubled quotes (RFC 4180), but no line end.</summary>
    private static bool TrySplit(ReadOnlySpan<char> line, List<string> fields)
    {
        while (fields.Count < MaxFields)
        {
            ReadOnlySpan<char> start = line.TrimStart(' ');
            int end = start.StartsWith('"') ? QuotedEnd(start) : start.IndexOf(',');
            if (end == -2)
            {
                return false;
            }

            ReadOnlySpan<char> field = (end < 0 ? start : start[..end]).Trim();
            fields.Add(field.StartsWith('"') ? field[1..^1].ToString().Replace("\"\"", "\"", StringComparison.Ordinal) : field.ToString());
            if (end < 0)
            {
                return true;
            }

            line = start[(end + 1)..];
        }

        return false;
    }

    /// <summary>The comma after a quoted field, -1 where the line ends with it, -2 where the quotes do not fit.</summary>
    private static int QuotedEnd(ReadOnlySpan<char> text)
    {
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] != '"')
            {
                continue;
            }

            if (i + 1 < text.Length && text[i + 1] == '"')
            {
                i++;
                continue;
            }

            ReadOnlySpan<char> rest = text[(i + 1)..];
            int blanks = rest.Length - rest.TrimStart(' ').Length;
            return blanks == rest.Length ? -1 : rest[blanks] == ',' ? i + 1 + blanks : -2;
        }

        return -2;
    }
}
