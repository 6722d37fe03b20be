using System.Text;
using Whorl.Sources.Decoys.Personas;

namespace Whorl.Sources.Decoys.Shell;

/// <summary>A made-up machine behind a made-up shell: takes lines, answers plausibly, executes nothing. One for each conversation.</summary>
internal sealed class ShellMachine
{
    // Output of one line: `cat` of everything there is stays under it.
    private const int MaxOutput = 256 * 1024;

    // What one program hands to a file or to the next: as much as all files may have.
    private const int MaxResult = 2 * 1024 * 1024;

    // Characters that the programs of one typed line read and write together.
    private const int MaxWork = 8 * 1024 * 1024;

    // And those of one conversation. A dropper's are a thousandth of it.
    private const long MaxTotalWork = 256L * 1024 * 1024;

    // What a program costs that does nothing.
    private const int LeastWork = 64;

    // $(…) in $(…): attackers' lines have one level.
    private const int MaxDepth = 3;

    private const int MaxVariables = 64;

    // Name and value together: as long as a line may be.
    private const int MaxVariable = 8 * 1024;

    private static readonly string[] Readers = ["cat >", "cat>", "cat -", "tee ", "dd of=", "base64 -d", "sh -s", "bash -s", "xxd -r"];

    private readonly Dictionary<string, string> _variables;
    private SimpleCommand? _here;
    private StringBuilder? _hereText;
    private int _depth;
    private int _status;
    private int _work;
    private long _totalWork;

    public ShellMachine(Persona persona, string user, TimeProvider clock)
    {
        (Persona, User, Clock, Files) = (persona, user, clock, new FileTree(persona));
        Home = user == "root" ? "/root" : $"/home/{user}";
        Files.MakeFolder(Home);
        Files.TryEnter(Home);
        _variables = new(StringComparer.Ordinal)
        {
            ["HOME"] = Home, ["USER"] = user, ["LOGNAME"] = user, ["SHELL"] = "/bin/bash", ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ["LANG"] = "C.UTF-8", ["TERM"] = "xterm", ["HISTFILE"] = Home + "/.bash_history",
        };
    }

    public Persona Persona { get; }

    public string User { get; }

    public string Home { get; }

    public TimeProvider Clock { get; }

    public FileTree Files { get; }

    /// <summary>Set by <c>exit</c>.</summary>
    public bool HasEnded { get; set; }

    public int Status => _status;

    /// <summary>Whether the next line belongs to a here-document.</summary>
    public bool InHereDocument => _here is not null;

    public IReadOnlyDictionary<string, string> Variables => _variables;

    public string Prompt => InHereDocument ? "> " : $"{User}@{Persona.Host}:{(Files.Folder == Home ? "~" : Files.Folder)}{(User == "root" ? "#" : "$")} ";

    /// <summary>Runs one line; one character per byte in and out.</summary>
    /// <param name="known">Whether there was an answer to every command in it.</param>
    /// <param name="input">What its first command reads.</param>
    public string Run(string line, out bool known, string input = "")
    {
        known = true;
        if (_here is not null)
        {
            return Here(line, ref known);
        }

        if (_depth == 0)
        {
            _work = 0;
            if (_totalWork >= MaxTotalWork)
            {
                return "-bash: fork: Cannot allocate memory\n";
            }
        }

        StringBuilder output = new();
        string piped = input;
        bool first = true;
        Spend(line.Length);
        CommandLine commands = new(line, Variable, Substitute);
        while (!HasEnded && output.Length < MaxOutput && _work < MaxWork && commands.Next() is { } command)
        {
            if ((command.Joint == Joint.AfterSuccess && _status != 0) || (command.Joint == Joint.AfterFailure && _status == 0))
            {
                continue;
            }

            if (command.HereDelimiter is not null)
            {
                // Its text comes on the lines after this one.
                (_here, _hereText) = (command, new());
                return output.ToString();
            }

            string result = RunOne(command, command.Joint == Joint.Piped || first ? piped : "", ref known);
            first = false;
            piped = command.Feeds ? result : "";
            output.Append(command.Feeds ? "" : result.AsSpan(0, Math.Min(result.Length, MaxOutput - output.Length)));
        }

        return output.ToString();
    }

    /// <summary>Whether a command waits for input until its end: how files are sent over SSH without a protocol for them.</summary>
    public static bool ReadsInput(string line) =>
        Readers.Any(reader => line.Contains(reader, StringComparison.Ordinal)) || line is "sh" or "bash" or "/bin/sh" or "/bin/bash";

    public void Set(string name, string value)
    {
        if (name.Length + value.Length <= MaxVariable && (_variables.Count < MaxVariables || _variables.ContainsKey(name)))
        {
            _variables[name] = value;
        }
    }

    /// <summary>A file's content, one character per byte, as far as the line's work allows; null where there is none.</summary>
    public string? Read(string path)
    {
        if (Files.Read(path) is not { } content)
        {
            return null;
        }

        int take = Math.Min(content.Length, Math.Max(0, MaxWork - _work));
        Spend(take);
        return Encoding.Latin1.GetString(content, 0, take);
    }

    private string Here(string line, ref bool known)
    {
        if (line != _here!.HereDelimiter)
        {
            _hereText!.Append(_hereText.Length < MaxOutput ? line + "\n" : "");
            return "";
        }

        (SimpleCommand command, string text) = (_here, _hereText!.ToString());
        (_here, _hereText) = (null, null);
        return RunOne(command, text, ref known);
    }

    private string RunOne(SimpleCommand command, string input, ref bool known)
    {
        List<string> words = [.. command.Words];
        while (words.Count > 0 && words[0].IndexOf('=') is > 0 and int equals && words[0].AsSpan(0, equals).IndexOfAnyExcept(NameCharacters) < 0)
        {
            Set(words[0][..equals], words[0][(equals + 1)..]);
            words.RemoveAt(0);
        }

        foreach (Redirection from in command.Redirections.Where(redirection => redirection.Input))
        {
            input = Read(from.Path) ?? input;
        }

        string result = "";
        _status = 0;
        if (words.Count > 0)
        {
            ProgramCall call = new(this, words[0], words[1..], input);
            result = Programs.Run(call, out bool found);
            known &= found;
            _status = call.Status;
        }

        result = result.Length > MaxResult ? result[..MaxResult] : result;
        Spend(LeastWork + result.Length);
        byte[] bytes = command.Redirections.Count > 0 ? Encoding.Latin1.GetBytes(result) : [];
        foreach (Redirection to in command.Redirections.Where(redirection => !redirection.Input))
        {
            bool written = Files.Write(to.Path, bytes, to.Append);
            _status = written ? _status : 1;
            result = written ? "" : $"-bash: {to.Path}: No such file or directory\n";
            bytes = [];
        }

        return result;
    }

    private void Spend(int work)
    {
        _work += work;
        _totalWork += work;
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    private string Variable(string name) => name switch
    {
        "?" => _status.ToString(System.Globalization.CultureInfo.InvariantCulture),
        "$" => "2417",
        "PWD" => Files.Folder,
        _ => _variables.GetValueOrDefault(name, ""),
    };

    private string Substitute(string line) => RunNested(line).TrimEnd('\n').Replace('\n', ' ');

    /// <summary>Runs a line inside of another, as <c>sh -c</c> and <c>$(…)</c> do; to a small depth.</summary>
    public string RunNested(string line)
    {
        if (_depth >= MaxDepth)
        {
            return "";
        }

        _depth++;
        string result = Run(line, out _);
        _depth--;
        return result;
    }
}

/// <summary>One call of a made-up program.</summary>
internal sealed class ProgramCall(ShellMachine machine, string name, IReadOnlyList<string> arguments, string input)
{
    public ShellMachine Machine => machine;

    public FileTree Files => machine.Files;

    /// <summary>A file's content, one character per byte; null where there is none.</summary>
    public string? Read(string path) => machine.Read(path);

    public string Name => name;

    public IReadOnlyList<string> Arguments => arguments;

    public string Input => input;

    public int Status { get; set; }

    /// <summary>Arguments that are no options.</summary>
    public IEnumerable<string> Operands => arguments.Where(argument => !argument.StartsWith('-') || argument.Length == 1);

    public bool Has(char option) => arguments.Any(argument => argument.Length > 1 && argument[0] == '-' && argument[1] != '-' && argument.Contains(option, StringComparison.Ordinal));

    public string Fail(string message, int status = 1)
    {
        Status = status;
        return message + "\n";
    }
}
