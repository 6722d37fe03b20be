using Whorl.LiveTests.Processes;
using Whorl.Sources.Sites.Pages;
using Whorl.Sources.Sites.Pages.Identities;
using Whorl.Sources.Sites.Scans;
using Whorl.Tests.Support;

namespace Whorl.LiveTests.Sites;

public sealed class SystemHashTests
{
    [Fact]
    public async Task Fuzzy_hashes_of_pages_are_those_of_the_systems_tools()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ssdeep") && File.Exists("/usr/bin/tlsh"), "ssdeep or tlsh is not installed");
        PageReader reader = new(IdentityCatalog.Empty);
        foreach (string page in Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", "fixtures", "sites", "pages"), "*.html").Where(static page => new FileInfo(page).Length > 0))
        {
            PageFacts facts = reader.Read(await File.ReadAllBytesAsync(page), null, new("https://a.example/")).Facts;
            (_, string ssdeep, _) = await RunningProcess.RunAsync("/usr/bin/ssdeep", ["-b", "-s", page]);
            (_, string tlsh, _) = await RunningProcess.RunAsync("/usr/bin/tlsh", ["-f", page]);

            ssdeep.Split('\n')[1].Split(',')[0].ShouldBe(facts.Ssdeep, page);

            // Debian's is an older one: it prints no version, and gives no digest of less than 256 bytes.
            string digest = tlsh.Split('\t')[0];
            (digest.Length >= 70).ShouldBe(facts.Bytes >= 256, page);
            (digest.Length >= 70 ? "T1" + digest[^70..] : facts.Tlsh).ShouldBe(facts.Tlsh, page);
        }
    }
}
