using Whorl.Sources.Decoys.Sessions;

namespace Whorl.Sources.Decoys.Shell;

/// <summary>Where a peer types: a telnet connection, or a channel of SSH.</summary>
internal interface ITerminal
{
    /// <summary>One line, one character per byte; null where none comes any more.</summary>
    ValueTask<string?> ReadLineAsync(bool echo);

    /// <summary>Text with plain line ends; the terminal makes its own of them.</summary>
    ValueTask WriteAsync(string text);
}

/// <summary>Prompt, line, answer; and at the end what was written is kept.</summary>
internal static class ShellLoop
{
    // Droppers write one or two files; each is told of.
    private const int MaxPayloads = 32;

    public static async Task RunAsync(ITerminal terminal, ShellMachine machine, SessionReport report)
    {
        while (!machine.HasEnded)
        {
            await terminal.WriteAsync(machine.Prompt);
            if (await terminal.ReadLineAsync(echo: true) is not { } line)
            {
                break;
            }

            await terminal.WriteAsync(Step(machine, report, line));
        }

        await KeepAsync(machine, report);
    }

    /// <summary>Runs one line and tells of it.</summary>
    public static string Step(ShellMachine machine, SessionReport report, string line, string input = "")
    {
        bool inner = machine.InHereDocument;
        string output = machine.Run(line, out bool known, input);
        if (line.Length > 0 && !inner)
        {
            report.Command(line, known);
        }

        return output;
    }

    /// <summary>Keeps the files that were written.</summary>
    public static async Task KeepAsync(ShellMachine machine, SessionReport report)
    {
        foreach ((string path, byte[] content) in machine.Files.Written.Take(MaxPayloads))
        {
            await report.PayloadAsync(content, content.Length, path);
        }
    }
}
