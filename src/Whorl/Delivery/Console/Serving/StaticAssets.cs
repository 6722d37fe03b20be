using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Whorl.Delivery.WebConsole.Serving;

/// <summary>Scripts, styles and pictures, embedded in the executable; their URL holds a hash of them all, so browsers keep them for good, and modules may import each other by name.</summary>
internal static class StaticAssets
{
    private const string Prefix = "console/";

    private static readonly FrozenDictionary<string, Asset> All = Load();

    private static readonly string Hash = HashOf(All);

    private sealed record Asset(byte[] Bytes, string Type);

    public static string Url(string name) => All.ContainsKey(name) ? $"/assets/{Hash}/{name}" : throw new ArgumentException($"no asset {name}", nameof(name));

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/assets/{hash}/{**name}", (string hash, string name, HttpContext http) =>
        {
            if (!All.TryGetValue(name, out Asset? asset))
            {
                return Results.NotFound();
            }

            // A page from before an update still finds its files, but does not keep them.
            http.Response.Headers.CacheControl = hash == Hash ? "public, max-age=31536000, immutable" : "no-cache";
            return Results.Bytes(asset.Bytes, asset.Type, entityTag: new EntityTagHeaderValue($"\"{Hash}\""));
        }).AllowAnonymous().ExcludeFromDescription();

    private static FrozenDictionary<string, Asset> Load()
    {
        Assembly assembly = typeof(StaticAssets).Assembly;
        Dictionary<string, Asset> all = new(StringComparer.Ordinal);
        foreach (string resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            all[resource[Prefix.Length..].Replace('\\', '/')] = new(bytes, TypeOf(resource));
        }

        return all.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string HashOf(FrozenDictionary<string, Asset> all)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, Asset asset) in all.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
            hash.AppendData(asset.Bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
}
