namespace Whorl.Tests.Support;

/// <summary>A file of this checkout whose content is generated: the test fails where it is not current, <c>./dev accept</c> rewrites it.</summary>
internal static class Accepted
{
    public static void ShouldBe(string relativePath, string content)
    {
        string path = Path.Combine(Repository.Root, relativePath);
        if (Environment.GetEnvironmentVariable("WHORL_ACCEPT") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
        }

        (File.Exists(path) ? File.ReadAllText(path) : "").ShouldBe(content, $"{relativePath} is not current; `./dev accept` rewrites it");
    }
}
