using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Whorl.Hosting;
using Whorl.Hosting.Configuration;
using Whorl.Kernel;
using Whorl.Sources.Sites.Jobs;
using Whorl.Sources.Sites.Records;
using Whorl.Sources.Sites.Scans;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Sites.Work;

/// <summary>Jobs from a file, results to a file: as the role does it, by the variables of the worker that is replaced.</summary>
public sealed class FileSmokeTests : SitesSmokeContract
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task The_role_writes_the_same_file_from_the_same_jobs_every_time()
    {
        string first = await RunAsync("first.json"), second = await RunAsync("second.json");
        second.ShouldBe(first);
        Accepted.ShouldBe("tests/fixtures/results.json", first);
    }

    // A copy: a journal is written beside it.
    private string JobFile
    {
        get
        {
            string copy = _folder.File("jobs.json");
            File.Copy(Path.Combine(Fixtures, "jobs.json"), copy, overwrite: true);
            return copy;
        }
    }

    internal override Task<(IJobSource Jobs, IResultSink Results)> OpenAsync()
    {
        FileRecords records = new(JobFile, _folder.File("results.json"), new(ScanFeatures.Of), Clock);
        return Task.FromResult<(IJobSource, IResultSink)>((records, records));
    }

    protected override ValueTask CloseAsync()
    {
        _folder.Dispose();
        return default;
    }

    private async Task<string> RunAsync(string file)
    {
        Dictionary<string, string> variables = new()
        {
            ["JOB_SOURCE"] = "file",
            ["JOB_FILE"] = JobFile,
            ["RESULT_SINK"] = "file",
            ["RESULTS_FILE"] = _folder.File(file),
            ["WORKER_ONCE"] = "1",
            ["WORKER_ID"] = "smoke",
            ["WORKER_POLL_INTERVAL_MS"] = "50",
        };
        IConfigurationRoot configuration = WhorlConfiguration.Read(null, [new("Node:Data", _folder.File("data"))], variables.GetValueOrDefault);
        WebApplicationBuilder builder = WhorlHost.CreateBuilder(RoleTable.Select(["sites"]), configuration);
        builder.Logging.ClearProviders();
        builder.Services.Replace(ServiceDescriptor.Singleton<ISiteScanner>(new FixtureScanner(await File.ReadAllTextAsync(FixtureScanner.File), Clock)));
        builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(new SteadyClock(Clock)));
        builder.Services.AddSingleton(new RunningRoles(Named: true));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(_folder.File("smoke.sock")));
        await using WebApplication app = builder.Build();
        ConfigurationCheck.Run(app.Services, configuration).Where(fault => fault.StartsWith("Sites", StringComparison.Ordinal)).ShouldBeEmpty();
        await app.StartAsync();
        await app.WaitForShutdownAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        return await File.ReadAllTextAsync(_folder.File(file));
    }
}

/// <summary>The same moment for ever, with timers that run.</summary>
internal sealed class SteadyClock(TimeProvider moment) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => moment.GetUtcNow();
}

public sealed class SqliteSmokeTests : SitesSmokeContract
{
    private readonly TempFolder _folder = new();
    private readonly SqlRecordsPlace _place = new();

    internal override Task<(IJobSource Jobs, IResultSink Results)> OpenAsync() => Task.FromResult<(IJobSource, IResultSink)>(
        _place.Open(new SqliteDatabase(_folder.File("whorl.db"), [Sources.Sites.SitesTables.Migrations], TimeProvider.System), Clock));

    protected override async ValueTask CloseAsync()
    {
        await _place.DisposeAsync();
        _folder.Dispose();
    }
}
