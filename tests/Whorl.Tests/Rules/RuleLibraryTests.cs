using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Analysis.Rules;
using Whorl.Kernel;
using Whorl.Tests.Support;

namespace Whorl.Tests.Rules;

public sealed class RuleLibraryTests : IDisposable
{
    private const string One = "rules:\n- { id: one, version: 1, description: d, weight: 1, when: { field: http.path, exists: true } }\n";
    private const string Two = One + "- { id: two, version: 1, description: d, weight: 1, when: { field: http.path, exists: true } }\n";
    private const string Bad = One + "- { id: bad, version: 1, description: d, weight: 1, when: { field: http.pat, exists: true } }\n";

    private readonly TempFolder _folder = new();
    private readonly TestMeters _meters = new();

    public void Dispose()
    {
        _folder.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public void A_changed_file_is_taken_up_once_it_stood_still()
    {
        Write("a.yaml", One);
        RuleLibrary library = Open();
        library.Current.Count.ShouldBe(1);
        library.Refresh().ShouldBeFalse();

        Write("a.yaml", Two);
        library.Refresh().ShouldBeFalse();
        library.Current.Count.ShouldBe(1);
        library.Refresh().ShouldBeTrue();
        library.Current.Count.ShouldBe(2);
        library.Refresh().ShouldBeFalse();
    }

    [Fact]
    public async Task A_bad_file_keeps_the_old_rules_and_says_why_until_it_is_mended()
    {
        Write("a.yaml", One);
        RuleLibrary library = Open();
        Write("b.yaml", Bad.Replace("id: one", "id: other", StringComparison.Ordinal));
        Look(library).ShouldBeFalse();

        library.Current.Count.ShouldBe(1);
        library.State.Faults.ShouldHaveSingleItem().ToString().ShouldContain("b.yaml:3:");
        HealthCheckResult health = await new RulesHealth(library).CheckHealthAsync(new(), TestContext.Current.CancellationToken);
        health.Status.ShouldBe(HealthStatus.Degraded);
        health.Description!.ShouldContain("b.yaml");

        File.Delete(_folder.File("b.yaml"));
        Look(library).ShouldBeTrue();
        library.State.Faults.ShouldBeEmpty();
        (await new RulesHealth(library).CheckHealthAsync(new(), TestContext.Current.CancellationToken)).Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public void At_start_files_with_faults_are_left_out_and_the_others_taken()
    {
        Write("a.yaml", One);
        Write("b.yaml", Bad.Replace("id: one", "id: other", StringComparison.Ordinal));
        File.WriteAllBytes(_folder.File("c.yaml"), [0xFF, 0xFE, 0x00]);
        RuleLibrary library = Open();
        library.Current.Count.ShouldBe(1);
        library.State.Faults.Select(fault => Path.GetFileName(fault.Place.File)).ShouldBe(["c.yaml", "b.yaml"]);
    }

    [Fact]
    public void A_folder_that_is_not_there_yet_is_watched_too()
    {
        RuleLibrary library = Open("later");
        library.Current.Count.ShouldBe(0);
        Directory.CreateDirectory(_folder.File("later"));
        Write("later/a.yaml", One);
        Look(library).ShouldBeTrue();
        library.Current.Count.ShouldBe(1);
    }

    private static bool Look(RuleLibrary library)
    {
        library.Refresh().ShouldBeFalse();
        return library.Refresh();
    }

    private void Write(string name, string text) => File.WriteAllText(_folder.File(name), text);

    private RuleLibrary Open(string? below = null) => new(
        Options.Create(new RulesOptions { Paths = [below is null ? _folder.Path : _folder.File(below)] }), Options.Create(new NodeOptions()),
        new ManualClock(), new RulesMetrics(_meters), NullLogger<RuleLibrary>.Instance);
}
