using System.Collections.Frozen;

namespace Whorl.Sources.Decoys.Shell;

/// <summary>The made-up programs by name.</summary>
internal static class Programs
{
    private static readonly FrozenDictionary<string, Func<ProgramCall, string>> ByName =
        FilePrograms.All.Concat(SystemPrograms.All).Concat(NetworkPrograms.All).Concat(
            new Dictionary<string, Func<ProgramCall, string>>(StringComparer.Ordinal)
            {
                ["busybox"] = Busybox,
                ["sh"] = Interpret,
                ["bash"] = Interpret,
                ["ash"] = Interpret,
                ["sudo"] = Rest,
                ["nohup"] = Rest,
                ["exec"] = Rest,
                ["command"] = Rest,
                ["time"] = Rest,
                ["which"] = call => string.Concat(call.Operands.Where(IsKnown).Select(name => $"/usr/bin/{name}\n")),
                ["type"] = call => string.Concat(call.Operands.Select(name => IsKnown(name) ? $"{name} is /usr/bin/{name}\n" : $"-bash: type: {name}: not found\n")),
            }).ToFrozenDictionary(StringComparer.Ordinal);

    public static bool IsKnown(string name) => ByName.ContainsKey(name);

    public static string Run(ProgramCall call, out bool known)
    {
        string name = call.Name[(call.Name.LastIndexOf('/') + 1)..];
        if (call.Name.Contains('/', StringComparison.Ordinal) && !call.Name.StartsWith("/bin/", StringComparison.Ordinal) && !call.Name.StartsWith("/usr/", StringComparison.Ordinal) && !call.Name.StartsWith("/sbin/", StringComparison.Ordinal))
        {
            // A file of the peer's own: it ran, as far as anybody can see.
            known = false;
            return call.Files.Read(call.Name) is null ? call.Fail($"-bash: {call.Name}: No such file or directory", 127) : "";
        }

        known = ByName.TryGetValue(name, out Func<ProgramCall, string>? program);
        return program is null ? call.Fail($"-bash: {call.Name}: command not found", 127) : program(call);
    }

    private static string Busybox(ProgramCall call)
    {
        if (call.Arguments.Count == 0)
        {
            return "BusyBox v1.30.1 (Debian 1:1.30.1-6+b3) multi-call binary.\nUsage: busybox [function [arguments]...]\n";
        }

        // Botnets call an applet that cannot exist and look for this very answer.
        return IsKnown(call.Arguments[0]) ? Rest(call) : call.Fail($"{call.Arguments[0]}: applet not found", 127);
    }

    private static string Interpret(ProgramCall call)
    {
        int at = call.Arguments.ToList().IndexOf("-c");
        return at >= 0 && at + 1 < call.Arguments.Count ? Inner(call, call.Arguments[at + 1])
            : call.Input.Length > 0 && call.Arguments.Count == 0 ? Inner(call, call.Input)
            : "";
    }

    private static string Rest(ProgramCall call)
    {
        string[] words = [.. call.Arguments.SkipWhile(word => word.StartsWith('-'))];
        if (words.Length == 0)
        {
            return "";
        }

        ProgramCall inner = new(call.Machine, words[0], words[1..], call.Input);
        string result = words[0] == call.Name ? "" : Run(inner, out _);
        call.Status = inner.Status;
        return result;
    }

    private static string Inner(ProgramCall call, string line) => call.Machine.RunNested(line);
}
