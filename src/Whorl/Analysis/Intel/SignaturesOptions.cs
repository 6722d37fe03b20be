using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Fingerprints.Matching;
using Whorl.Kernel;

namespace Whorl.Analysis.Intel;

/// <summary>Lists of known fingerprints.</summary>
internal sealed class SignaturesOptions : IModuleOptions
{
    public static string Section => "Signatures";

    /// <summary>
    /// Folders (every `*.csv` file in them) and files. The name of a file begins with the kind of its fingerprints: `jarm.csv`, `ja3-sslbl.csv`; kinds are
    /// ja3, ja3s, ja4, hassh, hasshserver, jarm. Where none is given: `content/signatures` beside the executable, then the folder `signatures` inside
    /// `Node:Data`, which need not exist. They are read again when they change.
    /// </summary>
    public IList<string> Paths { get; set; } = [];

    /// <summary>Lists to fetch, each as `ja3 https://example.org/list.csv`; kept in the folder `signatures` inside `Node:Data`, so that they are there when the network is not.</summary>
    public IList<string> Urls { get; set; } = [];

    /// <summary>How often they are fetched.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "30.00:00:00")]
    public TimeSpan FetchEvery { get; set; } = TimeSpan.FromDays(1);

    /// <summary>One address with one known fingerprint is told once in this time.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromDays(1);

    public IReadOnlyList<string> PathsFor(string dataFolder)
    {
        IEnumerable<string> given = Paths.Count > 0 ? Paths : [Path.Combine(AppContext.BaseDirectory, "content", "signatures")];
        return [.. given.Append(FetchedFolder(dataFolder)).Distinct(StringComparer.Ordinal)];
    }

    public static string FetchedFolder(string dataFolder) => Path.Combine(dataFolder, "signatures");
}

/// <summary>A list to fetch.</summary>
internal sealed record SignatureUrl(FingerprintKind Kind, Uri Address)
{
    public static bool TryParse(string text, out SignatureUrl? url)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        url = parts.Length == 2 && SignatureKinds.Of(parts[0]) is { } kind && Uri.TryCreate(parts[1], UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? new(kind, address) : null;
        return url is not null;
    }
}

[OptionsValidator]
internal sealed partial class SignaturesOptionsValidator : IValidateOptions<SignaturesOptions>;

/// <summary>What the attributes on <see cref="SignaturesOptions"/> cannot say.</summary>
internal sealed class SignaturesOptionsCheck : IValidateOptions<SignaturesOptions>
{
    public ValidateOptionsResult Validate(string? name, SignaturesOptions options)
    {
        string[] faults = [.. options.Urls.Select((text, i) => SignatureUrl.TryParse(text, out _) ? null : $"Urls:{i}: '{text}' is no list to fetch; write it as `ja3 https://example.org/list.csv`").OfType<string>()];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
