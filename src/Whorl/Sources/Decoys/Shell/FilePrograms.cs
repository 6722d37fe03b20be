using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Whorl.Sources.Decoys.Shell;

/// <summary>Programs that read and change the made-up files.</summary>
internal static class FilePrograms
{
    // A text to look for; longer ones would only make the search slow.
    private const int MaxPattern = 256;

    public static IReadOnlyDictionary<string, Func<ProgramCall, string>> All { get; } = new Dictionary<string, Func<ProgramCall, string>>(StringComparer.Ordinal)
    {
        ["cat"] = Cat,
        ["head"] = call => Lines(call, text => text.Take(Count(call))),
        ["tail"] = call => Lines(call, text => text.TakeLast(Count(call))),
        ["wc"] = call => string.Create(CultureInfo.InvariantCulture, $"{Text(call).Count(c => c == '\n')}\n"),
        ["grep"] = Grep,
        ["egrep"] = Grep,
        ["sort"] = call => Lines(call, text => text.Order(StringComparer.Ordinal)),
        ["uniq"] = call => Lines(call, text => text.Distinct(StringComparer.Ordinal)),
        ["awk"] = call => Text(call),
        ["sed"] = call => Text(call),
        ["cut"] = call => Text(call),
        ["tr"] = call => call.Input,
        ["xargs"] = _ => "",
        ["ls"] = List,
        ["dir"] = List,
        ["cd"] = call => call.Files.TryEnter(call.Operands.FirstOrDefault() ?? call.Machine.Home) ? "" : call.Fail($"-bash: cd: {call.Operands.First()}: No such file or directory"),
        ["pwd"] = call => call.Files.Folder + "\n",
        ["touch"] = call => Each(call, path => call.Files.Exists(path) || call.Files.Write(path, [], append: false), "touch: cannot touch '{0}': No such file or directory"),
        ["mkdir"] = call => Each(call, path => call.Files.MakeFolder(path) || call.Has('p'), "mkdir: cannot create directory '{0}': File exists"),
        ["rm"] = call => Each(call, path => call.Files.Remove(path) || call.Has('f'), "rm: cannot remove '{0}': No such file or directory"),
        ["rmdir"] = call => Each(call, call.Files.Remove, "rmdir: failed to remove '{0}': No such file or directory"),
        ["chmod"] = call => Each(call, path => call.Files.Exists(path), "chmod: cannot access '{0}': No such file or directory", skip: 1),
        ["chown"] = _ => "",
        ["chattr"] = _ => "",
        ["lsattr"] = _ => "",
        ["cp"] = call => Copy(call, remove: false),
        ["mv"] = call => Copy(call, remove: true),
        ["ln"] = _ => "",
        ["dd"] = Dd,
        ["base64"] = Base64,
        ["md5sum"] = call => Sum(call, MD5.HashData),
        ["sha256sum"] = call => Sum(call, SHA256.HashData),
        ["tee"] = Tee,
        ["find"] = _ => "",
        ["tar"] = _ => "",
        ["unzip"] = _ => "",
        ["gzip"] = _ => "",
        ["stat"] = call => string.Concat(call.Operands.Where(call.Files.Exists).Select(path => $"  File: {path}\n")),
        ["file"] = call => string.Concat(call.Operands.Select(path => $"{path}: {(call.Files.Exists(path) ? "ASCII text" : "cannot open (No such file or directory)")}\n")),
    };

    private static string Tee(ProgramCall call)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(call.Input);
        foreach (string path in call.Operands)
        {
            call.Files.Write(path, bytes, call.Has('a'));
        }

        return call.Input;
    }

    private static string Cat(ProgramCall call)
    {
        StringBuilder text = new(call.Operands.Any() ? "" : call.Input);
        foreach (string path in call.Operands)
        {
            text.Append(call.Read(path) is { } content ? content
                : call.Files.IsFolder(call.Files.Full(path)) ? call.Fail($"cat: {path}: Is a directory")
                : call.Fail($"cat: {path}: No such file or directory"));
        }

        return text.ToString();
    }

    // What a filter reads: its file, else its input.
    private static string Text(ProgramCall call, int skip = 0) => call.Operands.Skip(skip).LastOrDefault() is { } path && call.Read(path) is { } content ? content : call.Input;

    private static string Lines(ProgramCall call, Func<IEnumerable<string>, IEnumerable<string>> choose) =>
        string.Concat(choose(Text(call).Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(line => line + "\n"));

    private static int Count(ProgramCall call) =>
        call.Arguments.Select(argument => argument.TrimStart('-', 'n')).Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : -1).FirstOrDefault(count => count >= 0, 10);

    private static string Grep(ProgramCall call)
    {
        if (call.Operands.FirstOrDefault() is not { } wanted)
        {
            return call.Fail("Usage: grep [OPTION]... PATTERNS [FILE]...", 2);
        }

        // As a plain text: a pattern of the peer's own is not run here.
        wanted = wanted.Trim('^', '$') is { Length: > MaxPattern } longer ? longer[..MaxPattern] : wanted.Trim('^', '$');
        StringComparison comparison = call.Has('i') ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        string[] found = [.. Text(call, skip: 1).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.Contains(wanted, comparison) != call.Has('v'))];
        call.Status = found.Length > 0 ? 0 : 1;
        return call.Has('q') ? "" : call.Has('c') ? string.Create(CultureInfo.InvariantCulture, $"{found.Length}\n") : string.Concat(found.Select(line => line + "\n"));
    }

    private static string List(ProgramCall call)
    {
        string path = call.Operands.FirstOrDefault() ?? "";
        if (!call.Files.Exists(path))
        {
            return call.Fail($"ls: cannot access '{path}': No such file or directory", 2);
        }

        string list = call.Files.List(path, call.Has('a'), call.Has('l'));
        return call.Has('l') ? $"total {(list.Count(c => c == '\n') * 4) + 8}\n{list}" : list;
    }

    private static string Each(ProgramCall call, Func<string, bool> done, string refusal, int skip = 0)
    {
        string[] failed = [.. call.Operands.Skip(skip).Where(path => !done(path))];
        return failed.Length == 0 ? "" : call.Fail(string.Join('\n', failed.Select(path => string.Format(CultureInfo.InvariantCulture, refusal, path))));
    }

    private static string Copy(ProgramCall call, bool remove)
    {
        string[] paths = [.. call.Operands];
        if (paths.Length < 2 || call.Files.Read(paths[0]) is not { } content)
        {
            return call.Fail($"{call.Name}: cannot stat '{paths.FirstOrDefault()}': No such file or directory");
        }

        string to = call.Files.IsFolder(call.Files.Full(paths[1])) ? $"{paths[1]}/{paths[0][(paths[0].LastIndexOf('/') + 1)..]}" : paths[1];
        bool copied = call.Files.Write(to, content, append: false) && (!remove || call.Files.Remove(paths[0]));
        return copied ? "" : call.Fail($"{call.Name}: cannot create regular file '{paths[1]}': Permission denied");
    }

    private static string Dd(ProgramCall call)
    {
        string? from = call.Arguments.FirstOrDefault(argument => argument.StartsWith("if=", StringComparison.Ordinal))?[3..];
        string? to = call.Arguments.FirstOrDefault(argument => argument.StartsWith("of=", StringComparison.Ordinal))?[3..];
        string content = from is null ? call.Input : call.Read(from) ?? "";
        if (to is not null)
        {
            call.Files.Write(to, Encoding.Latin1.GetBytes(content), append: false);
            return "0+1 records in\n0+1 records out\n";
        }

        return content;
    }

    private static string Base64(ProgramCall call)
    {
        string text = Text(call);
        if (!call.Has('d') && !call.Arguments.Contains("--decode", StringComparer.Ordinal))
        {
            return Convert.ToBase64String(Encoding.Latin1.GetBytes(text)) + "\n";
        }

        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text.Trim(), bytes, out int written) ? Encoding.Latin1.GetString(bytes, 0, written) : call.Fail("base64: invalid input");
    }

    private static string Sum(ProgramCall call, Func<byte[], byte[]> hash)
    {
        string[] paths = [.. call.Operands];
        return paths.Length == 0
            ? $"{Convert.ToHexStringLower(hash(Encoding.Latin1.GetBytes(call.Input)))}  -\n"
            : string.Concat(paths.Select(path => call.Read(path) is { } content ? $"{Convert.ToHexStringLower(hash(Encoding.Latin1.GetBytes(content)))}  {path}\n" : call.Fail($"{call.Name}: {path}: No such file or directory")));
    }
}
