namespace Whorl.Tests.Support;

/// <summary>Finds files of this checkout, and of the shared test data that may stand beside it.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The folder of captures and vectors beside the checkout (<c>../shared/data</c>, or WHORL_TEST_DATA).</summary>
    public static string SharedData { get; } =
        Environment.GetEnvironmentVariable("WHORL_TEST_DATA") ?? Path.GetFullPath(Path.Combine(Root, "..", "shared", "data"));

    /// <summary>The path of a shared test file; skips the test, loudly, where it is absent.</summary>
    public static string RequireShared(params string[] parts)
    {
        string path = Path.Combine([SharedData, .. parts]);
        Assert.SkipUnless(Path.Exists(path), $"shared test data is absent: {string.Join('/', parts)}");
        return path;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Whorl.slnx")))
            {
                return at.FullName;
            }
        }

        throw new InvalidOperationException("Whorl.slnx was not found above the test binaries.");
    }
}
