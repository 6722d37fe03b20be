using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Sites;

/// <summary>Visits to web sites: where jobs come from and results go to, how often, how many at once. Environment variables of their own stand for some of these keys: docs/operate/sites.md.</summary>
internal sealed class SitesOptions : IModuleOptions
{
    public static string Section => "Sites";

    /// <summary>The worker: how it takes jobs.</summary>
    [ValidateObjectMembers]
    public WorkerOptions Worker { get; set; } = new();

    /// <summary>Where jobs come from.</summary>
    [ValidateObjectMembers]
    public JobOptions Jobs { get; set; } = new();

    /// <summary>Where scans are kept.</summary>
    [ValidateObjectMembers]
    public ResultOptions Results { get; set; } = new();

    /// <summary>A Convex deployment that keeps jobs, scans, or both.</summary>
    [ValidateObjectMembers]
    public ConvexOptions Convex { get; set; } = new();

    /// <summary>When a site is visited again.</summary>
    [ValidateObjectMembers]
    public ScheduleOptions Schedule { get; set; } = new();

    /// <summary>How much one host, and one address, has to bear.</summary>
    [ValidateObjectMembers]
    public PolitenessOptions Politeness { get; set; } = new();

    /// <summary>What a visit takes, and how long it may last.</summary>
    [ValidateObjectMembers]
    public FetchOptions Fetch { get; set; } = new();

    /// <summary>What <see cref="JobOptions.Source"/> comes to where nothing is said.</summary>
    public RecordSystem JobSource => Jobs.Source ?? Default;

    /// <summary>What <see cref="ResultOptions.Sink"/> comes to where nothing is said.</summary>
    public RecordSystem ResultSink => Results.Sink ?? Default;

    private RecordSystem Default => Convex.Url.Length > 0 ? RecordSystem.Convex : RecordSystem.Store;
}

/// <summary>A system of record.</summary>
internal enum RecordSystem
{
    /// <summary>The system of record that the rest of Whorl has: SQLite or PostgreSQL.</summary>
    Store,

    /// <summary>A JSON file.</summary>
    File,

    /// <summary>A Convex deployment.</summary>
    Convex,
}

/// <summary>How the worker takes jobs.</summary>
internal sealed class WorkerOptions
{
    /// <summary>Who holds a lease, as jobs and runs show it. Empty: a random UUID.</summary>
    [RegularExpression("[!-~]{0,128}")]
    public string Id { get; set; } = "";

    /// <summary>How long the worker waits before it looks again where nothing was due.</summary>
    [Range(typeof(TimeSpan), "0:00:00.01", "1:00:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Jobs taken at once. It takes again while it has room, so this is how many travel together, not how many are in work.</summary>
    [Range(1, 1000)]
    public int BatchSize { get; set; } = 1;

    /// <summary>How long a job is leased. The worker extends its leases three times as often; a lease that ran out gives the job to others.</summary>
    [Range(typeof(TimeSpan), "0:00:00.5", "1.00:00:00")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often it takes jobs before it ends; 0: for ever.</summary>
    [Range(0, int.MaxValue)]
    public int MaxLoops { get; set; }

    /// <summary>End once nothing is due; with MaxLoops 1 after one batch.</summary>
    public bool Once { get; set; }

    /// <summary>Visits side by side.</summary>
    [Range(1, 1024)]
    public int Concurrency { get; set; } = 16;
}

/// <summary>Where jobs come from.</summary>
internal sealed class JobOptions
{
    /// <summary>`store` (SQLite or PostgreSQL), `file` or `convex`. Where nothing is said: `convex` if Convex:Url is set, else `store`.</summary>
    public RecordSystem? Source { get; set; }

    /// <summary>JSON file with jobs, for `file`: an array of addresses, or of objects with `url`. What becomes of the jobs is not written to it.</summary>
    [Required]
    public string File { get; set; } = "tests/fixtures/jobs.json";
}

/// <summary>Where scans are kept.</summary>
internal sealed class ResultOptions
{
    /// <summary>`store` (SQLite or PostgreSQL), `file` or `convex`. Where nothing is said: `convex` if Convex:Url is set, else `store`.</summary>
    public RecordSystem? Sink { get; set; }

    /// <summary>JSON file for scans, for `file`: an array that is written anew, in order of address and time, as scans come.</summary>
    [Required]
    public string File { get; set; } = "tests/fixtures/results.json";
}

/// <summary>A Convex deployment.</summary>
internal sealed class ConvexOptions
{
    /// <summary>Its address, such as https://happy-animal-123.convex.cloud.</summary>
    public string Url { get; set; } = "";

    /// <summary>Key of the deployment's owner. A secret: give it by the environment.</summary>
    [RegularExpression("[!-~]*")]
    public string AdminKey { get; set; } = "";

    /// <summary>Token of a user, where there is no admin key. A secret: give it by the environment.</summary>
    [RegularExpression("[!-~]*")]
    public string AuthToken { get; set; } = "";
}

/// <summary>When a site is visited again.</summary>
internal sealed class ScheduleOptions
{
    /// <summary>Time from the first visit to the second. From then on it adapts: what changed is visited again in half the time, what did not in one and a half.</summary>
    [Range(typeof(TimeSpan), "0:00:01", "365.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(12);

    /// <summary>The shortest that the time between two visits becomes.</summary>
    [Range(typeof(TimeSpan), "0:00:01", "365.00:00:00")]
    public TimeSpan ShortestInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The longest that the time between two visits becomes.</summary>
    [Range(typeof(TimeSpan), "0:00:01", "365.00:00:00")]
    public TimeSpan LongestInterval { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Time to the next try after a first failure; each further one doubles it, and chance takes away up to a half, so that what failed together does not return together.</summary>
    [Range(typeof(TimeSpan), "0:00:00.01", "1.00:00:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest that it becomes.</summary>
    [Range(typeof(TimeSpan), "0:00:00.01", "7.00:00:00")]
    public TimeSpan LongestRetry { get; set; } = TimeSpan.FromHours(6);

    /// <summary>Failures in a row after which a job is due no more by itself; `whorl jobs retry` brings it back. A site that cannot be reached is no failure but a result.</summary>
    [Range(1, 1000)]
    public int MaxFailures { get; set; } = 8;

    /// <summary>How long one visit may take with everything that belongs to it; one that takes longer has failed.</summary>
    [Range(typeof(TimeSpan), "0:00:00.1", "1:00:00")]
    public TimeSpan LongestVisit { get; set; } = TimeSpan.FromMinutes(2);
}

/// <summary>How much others have to bear, from this process.</summary>
internal sealed class PolitenessOptions
{
    /// <summary>Rest between two visits to one host; there is never more than one at a time.</summary>
    [Range(typeof(TimeSpan), "0:00:00", "1:00:00")]
    public TimeSpan HostGap { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Visits at a time to sites on one address.</summary>
    [Range(1, 1024)]
    public int AddressVisits { get; set; } = 8;

    /// <summary>Rest between the beginnings of two visits to one address.</summary>
    [Range(typeof(TimeSpan), "0:00:00", "1:00:00")]
    public TimeSpan AddressGap { get; set; } = TimeSpan.Zero;
}

[OptionsValidator]
internal sealed partial class SitesOptionsValidator : IValidateOptions<SitesOptions>;

/// <summary>What the attributes on <see cref="SitesOptions"/> cannot say.</summary>
internal sealed class SitesOptionsCheck : IValidateOptions<SitesOptions>
{
    public ValidateOptionsResult Validate(string? name, SitesOptions options)
    {
        List<string> faults = [];
        bool convex = options.JobSource == RecordSystem.Convex || options.ResultSink == RecordSystem.Convex;
        if (convex && options.Convex.Url.Length == 0)
        {
            faults.Add("Convex:Url (CONVEX_URL): jobs or results are to be kept by Convex, and this does not say where it is");
        }
        else if (options.Convex.Url.Length > 0 && (!Uri.TryCreate(options.Convex.Url, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https")))
        {
            faults.Add($"Convex:Url (CONVEX_URL): '{options.Convex.Url}' is no address like https://happy-animal-123.convex.cloud");
        }

        if (options.JobSource == RecordSystem.File)
        {
            List<string> wrong = [];
            _ = new Records.JobFile(options.Jobs.File).Read(wrong);
            faults.AddRange(wrong.Select(each => $"Jobs:File (JOB_FILE): {options.Jobs.File}: {each}"));
        }

        if (options.Fetch.AsnPath.Length > 0 && !File.Exists(options.Fetch.AsnPath))
        {
            faults.Add($"Fetch:AsnPath (FINGERPRINT_ASN_DB_PATH): there is no file {options.Fetch.AsnPath}");
        }

        if (options.Schedule.ShortestInterval > options.Schedule.LongestInterval)
        {
            faults.Add("Schedule:ShortestInterval: it is longer than Schedule:LongestInterval");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
