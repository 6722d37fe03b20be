using Microsoft.Extensions.Configuration;
using Whorl.Hosting.Configuration;
using Whorl.Sources.Sites;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites;

/// <summary>The environment of a worker that this one replaces.</summary>
public sealed class SitesVariablesTests
{
    [Fact]
    public void Without_variables_the_defaults_are_those_of_the_worker_that_is_replaced()
    {
        SitesOptions options = Read([]);
        options.Worker.Id.ShouldBe("");
        options.Worker.PollInterval.ShouldBe(TimeSpan.FromMilliseconds(5000));
        options.Worker.BatchSize.ShouldBe(1);
        options.Worker.LeaseDuration.ShouldBe(TimeSpan.FromMilliseconds(60_000));
        options.Worker.Once.ShouldBeFalse();
        options.JobSource.ShouldBe(RecordSystem.Store);
        options.ResultSink.ShouldBe(RecordSystem.Store);
        options.Jobs.File.ShouldBe("tests/fixtures/jobs.json");
        options.Results.File.ShouldBe("tests/fixtures/results.json");
        FetchOptions fetch = options.Fetch;
        (fetch.Timeout.TotalMilliseconds, fetch.AssetTimeout.TotalMilliseconds, fetch.FaviconTimeout.TotalMilliseconds, fetch.JarmTimeout.TotalMilliseconds).ShouldBe((8000, 5000, 5000, 8000));
        (fetch.HtmlMaxBytes, fetch.SampleBytes, fetch.AssetMaxBytes, fetch.FaviconMaxBytes).ShouldBe((512_000, 2048, 256_000, 100_000));
        (fetch.MaxHeaders, fetch.HeaderValueMax, fetch.MaxSetCookie, fetch.SetCookieMax, fetch.MaxAssets, fetch.MaxExternalDomains).ShouldBe((50, 512, 5, 512, 10, 50));
        (fetch.DisableJarm, fetch.DisableTls).ShouldBe((false, false));
    }

    [Fact]
    public void Every_variable_reaches_its_key()
    {
        // A value of each kind that no default has.
        Dictionary<string, string> given = SitesVariables.All.ToDictionary(each => each.Name, each => each.Name switch
        {
            "JOB_SOURCE" or "RESULT_SINK" => "file",
            "WORKER_ONCE" => "true",
            _ when each.Name.StartsWith("FINGERPRINT_DISABLE_", StringComparison.Ordinal) => "1",
            _ when each.Name.EndsWith("_MS", StringComparison.Ordinal) => "1234",
            _ when each.Name.Contains("MAX", StringComparison.Ordinal) || each.Name.EndsWith("BYTES", StringComparison.Ordinal) || each.Name is "WORKER_BATCH_SIZE" or "WORKER_CONCURRENCY" => "1001",
            _ => "text-of-" + each.Name,
        }, StringComparer.Ordinal);
        given["WORKER_BATCH_SIZE"] = given["FINGERPRINT_MAX_HEADERS"] = given["FINGERPRINT_MAX_SET_COOKIE"] = given["FINGERPRINT_MAX_ASSETS"] = "7";
        IConfigurationRoot configuration = WhorlConfiguration.Read(null, null, given.GetValueOrDefault);
        SitesOptions options = configuration.GetSection("Sites").Get<SitesOptions>()!;
        SitesOptions plain = new();
        foreach ((string name, string key) in SitesVariables.All)
        {
            configuration["Sites:" + key].ShouldNotBeNullOrEmpty(name);
            Value(options, key).ShouldNotBe(Value(plain, key), name);
        }

        options.Worker.PollInterval.ShouldBe(TimeSpan.FromMilliseconds(1234));
        options.Jobs.Source.ShouldBe(RecordSystem.File);
    }

    [Theory]
    [InlineData("WORKER_POLL_INTERVAL_MS", "soon", "WORKER_POLL_INTERVAL_MS: 'soon' is not a number of milliseconds")]
    [InlineData("WORKER_BATCH_SIZE", "0", "WORKER_BATCH_SIZE: '0' is not from 1 to 1000")]
    [InlineData("WORKER_LEASE_DURATION_MS", "10", "WORKER_LEASE_DURATION_MS: '10' is not from 500 to 86400000")]
    [InlineData("JOB_SOURCE", "mongo", "JOB_SOURCE: 'mongo' is not store, file, convex")]
    [InlineData("JOB_SOURCE", "1", "JOB_SOURCE: '1' is not store, file, convex")]
    [InlineData("FINGERPRINT_DISABLE_TLS", "maybe", "FINGERPRINT_DISABLE_TLS: 'maybe' is not 1 or 0, true or false")]
    public void A_wrong_value_names_its_variable(string name, string value, string fault) =>
        Should.Throw<ConfigurationException>(() => Read(new() { [name] = value })).Message.ShouldBe(fault);

    [Fact]
    public void A_file_yields_to_them_and_they_to_the_command_line()
    {
        using TempFolder folder = new();
        string file = folder.File("whorl.yaml");
        File.WriteAllText(file, "Sites:\n  Worker:\n    BatchSize: 2\n    Concurrency: 3\n    MaxLoops: 4\n");
        Dictionary<string, string> given = new() { ["WORKER_BATCH_SIZE"] = "5", ["WORKER_CONCURRENCY"] = "6", ["WORKER_ID"] = " " };
        WorkerOptions worker = WhorlConfiguration.Read(file, [new("Sites:Worker:Concurrency", "7")], given.GetValueOrDefault).GetSection("Sites").Get<SitesOptions>()!.Worker;
        (worker.MaxLoops, worker.BatchSize, worker.Concurrency, worker.Id).ShouldBe((4, 5, 7, ""));
    }

    [Fact]
    public void Where_there_is_a_convex_deployment_it_keeps_jobs_and_results_unless_something_else_is_said()
    {
        SitesOptions options = Read(new() { ["CONVEX_URL"] = "https://a.convex.cloud", ["RESULT_SINK"] = "file" });
        (options.JobSource, options.ResultSink).ShouldBe((RecordSystem.Convex, RecordSystem.File));
        new SitesOptionsCheck().Validate(null, options).Failed.ShouldBeFalse();
    }

    [Fact]
    public void What_is_missing_is_named_by_key_and_variable()
    {
        SitesOptions options = Read(new() { ["JOB_SOURCE"] = "file", ["JOB_FILE"] = "/nowhere/jobs.json", ["RESULT_SINK"] = "convex", ["FINGERPRINT_ASN_DB_PATH"] = "/nowhere/asn.tsv" });
        options.Schedule.ShortestInterval = TimeSpan.FromDays(30);
        new SitesOptionsCheck().Validate(null, options).Failures!.Select(fault => fault[..fault.LastIndexOf(':')]).ShouldBe(
            ["Convex:Url (CONVEX_URL)", "Jobs:File (JOB_FILE): /nowhere/jobs.json", "Fetch:AsnPath (FINGERPRINT_ASN_DB_PATH)", "Schedule:ShortestInterval: it is longer than Schedule"]);
    }

    private static SitesOptions Read(Dictionary<string, string> given) => WhorlConfiguration.Read(null, null, given.GetValueOrDefault).GetSection("Sites").Get<SitesOptions>() ?? new();

    private static object? Value(SitesOptions options, string key)
    {
        object at = options;
        foreach (string part in key.Split(':'))
        {
            at = at.GetType().GetProperty(part)!.GetValue(at)!;
        }

        return at;
    }
}
