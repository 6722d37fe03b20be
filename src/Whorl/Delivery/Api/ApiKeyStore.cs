using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Whorl.Stores;

namespace Whorl.Delivery.Api;

/// <summary>A key as listed: never the key itself.</summary>
internal sealed record ApiKey(string Name, bool MayWrite, DateTimeOffset Made);

/// <summary>
/// API keys. A key is 256 random bits, so one SHA-256 of it can be neither guessed nor inverted; slow hashes are for what people choose.
/// Keys are compared by looking the hash up, which tells nothing about keys by its timing.
/// </summary>
internal sealed class ApiKeyStore(IDatabase database, TimeProvider clock)
{
    public static readonly MigrationSet Migrations = new("api",
    [
        """
        CREATE TABLE api_keys (
            name {text} NOT NULL PRIMARY KEY,
            hash {blob} NOT NULL UNIQUE,
            writes {int} NOT NULL,
            made {int} NOT NULL
        ) {strict};
        """,
    ]);

    /// <summary>In front of each key, so that people and secret scanners know what they see.</summary>
    public const string Prefix = "whorl_";

    public const int MaxNameLength = 64;

    // The prefix and 43 characters of base64url; more is no key and is not hashed.
    private const int MaxKeyLength = 64;

    private const int KeyBytes = 32;

    /// <summary>Makes a key and returns it, this once; null where the name is taken.</summary>
    public async Task<string?> AddAsync(string name, bool mayWrite, CancellationToken cancel)
    {
        string key = Prefix + System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));
        await using DbConnection connection = await database.OpenAsync(cancel);
        int added = await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO api_keys (name, hash, writes, made) VALUES (@name, @hash, @mayWrite, @made) ON CONFLICT (name) DO NOTHING",
            new { name, hash = HashOf(key), mayWrite, made = clock.GetUtcNow() },
            cancellationToken: cancel));
        return added == 1 ? key : null;
    }

    public async Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. (await connection.QueryAsync<Row>(new CommandDefinition("SELECT name, writes, made FROM api_keys ORDER BY name", cancellationToken: cancel))).Select(row => row.ToKey())];
    }

    public async Task<bool> RemoveAsync(string name, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition("DELETE FROM api_keys WHERE name = @name", new { name }, cancellationToken: cancel)) == 1;
    }

    public async Task<ApiKey?> FindAsync(string key, CancellationToken cancel)
    {
        if (key.Length > MaxKeyLength || !key.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        await using DbConnection connection = await database.OpenAsync(cancel);
        return (await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            "SELECT name, writes, made FROM api_keys WHERE hash = @hash", new { hash = HashOf(key) }, cancellationToken: cancel)))?.ToKey();
    }

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private sealed class Row
    {
        public string Name { get; init; } = "";

        public bool Writes { get; init; }

        public DateTimeOffset Made { get; init; }

        public ApiKey ToKey() => new(Name, Writes, Made);
    }
}
