using System.Diagnostics;

namespace Whorl.Tests.Cli.Hashing;

/// <summary>A program of this system whose answer is the expectation; the test skips, loudly, where it is not installed.</summary>
internal static class RealTool
{
    public static void Require(string program) => Assert.SkipUnless(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program))),
        $"{program} is not installed");

    /// <summary>The lines it prints.</summary>
    public static string[] Run(string program, IEnumerable<string> arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
