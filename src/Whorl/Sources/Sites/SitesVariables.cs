using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Whorl.Sources.Sites;

/// <summary>
/// Environment variables without Whorl's prefix that stand for keys of <see cref="SitesOptions"/>: those of a worker that this one replaces, so that whoever ran that one need change nothing.
/// Times are in milliseconds; flags are 1 or 0, true or false. An empty one says nothing.
/// </summary>
internal static class SitesVariables
{
    /// <summary>Name of the variable, and key under <c>Sites:</c>.</summary>
    public static readonly IReadOnlyList<(string Name, string Key)> All =
    [
        ("CONVEX_URL", "Convex:Url"),
        ("CONVEX_ADMIN_KEY", "Convex:AdminKey"),
        ("CONVEX_AUTH_TOKEN", "Convex:AuthToken"),
        ("WORKER_ID", "Worker:Id"),
        ("WORKER_POLL_INTERVAL_MS", "Worker:PollInterval"),
        ("WORKER_BATCH_SIZE", "Worker:BatchSize"),
        ("WORKER_LEASE_DURATION_MS", "Worker:LeaseDuration"),
        ("WORKER_MAX_LOOPS", "Worker:MaxLoops"),
        ("WORKER_ONCE", "Worker:Once"),
        ("WORKER_CONCURRENCY", "Worker:Concurrency"),
        ("JOB_SOURCE", "Jobs:Source"),
        ("JOB_FILE", "Jobs:File"),
        ("RESULT_SINK", "Results:Sink"),
        ("RESULTS_FILE", "Results:File"),
        ("FINGERPRINT_TIMEOUT_MS", "Fetch:Timeout"),
        ("FINGERPRINT_HTML_MAX_BYTES", "Fetch:HtmlMaxBytes"),
        ("FINGERPRINT_SAMPLE_BYTES", "Fetch:SampleBytes"),
        ("FINGERPRINT_MAX_HEADERS", "Fetch:MaxHeaders"),
        ("FINGERPRINT_HEADER_VALUE_MAX", "Fetch:HeaderValueMax"),
        ("FINGERPRINT_MAX_SET_COOKIE", "Fetch:MaxSetCookie"),
        ("FINGERPRINT_SET_COOKIE_MAX", "Fetch:SetCookieMax"),
        ("FINGERPRINT_ASSET_TIMEOUT_MS", "Fetch:AssetTimeout"),
        ("FINGERPRINT_ASSET_MAX_BYTES", "Fetch:AssetMaxBytes"),
        ("FINGERPRINT_MAX_ASSETS", "Fetch:MaxAssets"),
        ("FINGERPRINT_MAX_EXTERNAL_DOMAINS", "Fetch:MaxExternalDomains"),
        ("FINGERPRINT_FAVICON_TIMEOUT_MS", "Fetch:FaviconTimeout"),
        ("FINGERPRINT_FAVICON_MAX_BYTES", "Fetch:FaviconMaxBytes"),
        ("FINGERPRINT_ASN_DB_PATH", "Fetch:AsnPath"),
        ("FINGERPRINT_JARM_TIMEOUT_MS", "Fetch:JarmTimeout"),
        ("FINGERPRINT_DISABLE_JARM", "Fetch:DisableJarm"),
        ("FINGERPRINT_DISABLE_TLS", "Fetch:DisableTls"),
        ("FINGERPRINT_USER_AGENT", "Fetch:UserAgent"),
    ];

    /// <summary>What the variables that are set say, as settings; whatever is wrong is said with the variable's name.</summary>
    public static Dictionary<string, string?> Read(Func<string, string?> variable, ICollection<string> faults)
    {
        Dictionary<string, string?> settings = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string key) in All)
        {
            if (variable(name)?.Trim() is not { Length: > 0 } text)
            {
                continue;
            }

            if (TryRead(PropertyOf(key), text, out object? value, out string expected) && Check(PropertyOf(key), value) is not { } fault)
            {
                settings[$"{SitesOptions.Section}:{key}"] = Convert.ToString(value, CultureInfo.InvariantCulture);
            }
            else
            {
                faults.Add($"{name}: '{(IsSecret(name) ? "***" : text)}' is not {(value is null ? expected : Check(PropertyOf(key), value))}");
            }
        }

        return settings;
    }

    private static PropertyInfo PropertyOf(string key)
    {
        string[] parts = key.Split(':');
        return typeof(SitesOptions).GetProperty(parts[0])!.PropertyType.GetProperty(parts[1])!;
    }

    private static bool TryRead(PropertyInfo property, string text, out object? value, out string expected)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        (value, expected) = type switch
        {
            _ when type == typeof(string) => (text, "a text"),
            _ when type == typeof(bool) => (Flag(text), "1 or 0, true or false"),
            _ when type == typeof(int) => (int.TryParse(text, NumberStyles.None, null, out int number) ? number : null, "a number"),
            _ when type == typeof(TimeSpan) => ((object?)(long.TryParse(text, NumberStyles.None, null, out long ms) && ms < int.MaxValue ? TimeSpan.FromMilliseconds(ms) : null), "a number of milliseconds"),
            _ => (char.IsAsciiLetter(text[0]) && Enum.TryParse(type, text, ignoreCase: true, out object? word) ? word : null, string.Join(", ", Enum.GetNames(type)).ToLowerInvariant()),
        };
        return value is not null;
    }

    /// <summary>What the value should have been; null where it is right.</summary>
    private static string? Check(PropertyInfo property, object? value)
    {
        foreach (ValidationAttribute rule in property.GetCustomAttributes<ValidationAttribute>())
        {
            if (!rule.IsValid(value))
            {
                return rule is RangeAttribute range ? $"from {Number(range.Minimum)} to {Number(range.Maximum)}" : "one that may stand here";
            }
        }

        return null;
    }

    private static object? Flag(string text) => text.ToLowerInvariant() switch
    {
        "1" or "true" or "yes" or "on" => true,
        "0" or "false" or "no" or "off" => false,
        _ => null,
    };

    private static string Number(object bound) => bound is TimeSpan span ? span.TotalMilliseconds.ToString(CultureInfo.InvariantCulture) : $"{bound}";

    private static bool IsSecret(string name) => name.EndsWith("KEY", StringComparison.Ordinal) || name.EndsWith("TOKEN", StringComparison.Ordinal);
}
