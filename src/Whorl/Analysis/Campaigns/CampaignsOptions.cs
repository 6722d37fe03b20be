using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Sites;

namespace Whorl.Analysis.Campaigns;

/// <summary>Which sites belong together.</summary>
internal sealed class CampaignsOptions : IModuleOptions, IValidatableObject
{
    public static string Section => "Campaigns";

    /// <summary>Whether this node links sites. Of several analysts on one PostgreSQL and one broker one does it at a time, and the others stand by; false keeps a node out of that.</summary>
    public bool On { get; set; } = true;

    /// <summary>
    /// Files, and folders with `*.txt` files, of features that never link: one a line as `tracker=google-tag-manager:GTM-ABC123`, `#` begins a comment. Where none is given:
    /// `content/campaigns` beside the executable. Read at start.
    /// </summary>
    public IList<string> IgnoredPaths { get; set; } = [];

    /// <summary>More features that never link, as in those files: a brand's own ids, which kits copy.</summary>
    public IList<string> Ignored { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (string path in IgnoredPaths.Where(path => !Path.Exists(path)))
        {
            yield return new ValidationResult($"Campaigns:IgnoredPaths: there is no file or folder {path}.", [nameof(IgnoredPaths)]);
        }

        foreach (string text in Ignored.Where(text => !SiteFeature.TryParse(text, out _)))
        {
            yield return new ValidationResult($"Campaigns:Ignored: '{text}' is no feature; write it as kind=value with a kind of docs/operate/sites.md.", [nameof(Ignored)]);
        }
    }
}

[OptionsValidator]
internal sealed partial class CampaignsOptionsValidator : IValidateOptions<CampaignsOptions>;

/// <summary>Features that never link.</summary>
internal sealed class IgnoredFeatures
{
    private readonly HashSet<SiteFeature> _features = [];

    public IgnoredFeatures(IOptions<CampaignsOptions> options, ILogger<IgnoredFeatures> logger)
    {
        IEnumerable<string> paths = options.Value.IgnoredPaths.Count > 0 ? options.Value.IgnoredPaths : [Path.Combine(AppContext.BaseDirectory, "content", "campaigns")];
        foreach (string file in paths.SelectMany(Files))
        {
            Read(file, logger);
        }

        foreach (string text in options.Value.Ignored)
        {
            if (SiteFeature.TryParse(text, out SiteFeature feature))
            {
                _features.Add(feature);
            }
        }
    }

    public int Count => _features.Count;

    public bool Contains(SiteFeature feature) => _features.Contains(feature);

    private void Read(string file, ILogger logger)
    {
        try
        {
            int line = 0;
            foreach (string text in File.ReadLines(file).Select(text => text.Trim()))
            {
                line++;
                if (text.Length == 0 || text[0] == '#')
                {
                    continue;
                }

                if (SiteFeature.TryParse(text, out SiteFeature feature))
                {
                    _features.Add(feature);
                }
                else
                {
                    CampaignsLog.BadLine(logger, file, line);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            CampaignsLog.Unreadable(logger, file, fault.Message);
        }
    }

    private static IEnumerable<string> Files(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path, "*.txt").Order(StringComparer.Ordinal) : File.Exists(path) ? [path] : [];
}
