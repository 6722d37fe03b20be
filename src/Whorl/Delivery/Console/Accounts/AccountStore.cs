using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Delivery.WebConsole.Accounts;

/// <summary>Accounts and one-time sign-in links, in the system of record. Tokens of links are stored as their SHA-256 alone.</summary>
internal sealed class AccountStore(IDatabase database, TimeProvider clock)
{
    public static readonly TimeSpan LinkTerm = TimeSpan.FromMinutes(30);

    private const int TokenBytes = 32;

    private const string Columns = "SELECT id AS Id, name AS Name, role AS Role, hash AS Hash, stamp AS Stamp, created AS Created FROM console_account";

    public static MigrationSet Migrations { get; } = new("console",
    [
        """
        CREATE TABLE console_account (
          id {blob} NOT NULL PRIMARY KEY,
          name {text} NOT NULL UNIQUE,
          role {int} NOT NULL,
          hash {text},
          stamp {blob} NOT NULL,
          created {int} NOT NULL
        ){strict};
        CREATE TABLE console_link (
          hash {blob} NOT NULL PRIMARY KEY,
          account {blob},
          until {int} NOT NULL
        ){strict};
        """,
    ]);

    public async Task<bool> AnyAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT COUNT(*) FROM console_account WHERE hash IS NOT NULL", cancellationToken: cancel)) > 0;
    }

    public async Task<IReadOnlyList<Account>> ListAsync(CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. (await connection.QueryAsync<Row>(new CommandDefinition(Columns + " ORDER BY name", cancellationToken: cancel))).Select(row => Read(row)!)];
    }

    public async Task<Account?> FindAsync(string name, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return Read(await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(Columns + " WHERE name = @name", new { name }, cancellationToken: cancel)));
    }

    public async Task<Account?> FindAsync(Guid id, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return Read(await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(Columns + " WHERE id = @id", new { id = Bytes(id) }, cancellationToken: cancel)));
    }

    /// <summary>Adds an account; null where the name is taken.</summary>
    public async Task<Account?> AddAsync(string name, AccountRole role, string? hash, CancellationToken cancel)
    {
        Account account = new(Uuid7.New(clock), name, role, hash, NewStamp(), clock.GetUtcNow());
        await using DbConnection connection = await database.OpenAsync(cancel);
        int added = await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO console_account (id, name, role, hash, stamp, created) VALUES (@id, @name, @role, @hash, @stamp, @created) ON CONFLICT (name) DO NOTHING",
            new { id = Bytes(account.Id), name, role = (long)role, hash, stamp = Bytes(account.Stamp), created = account.Created.ToUnixTimeMilliseconds() * 1000 }, cancellationToken: cancel));
        return added == 1 ? account : null;
    }

    /// <summary>Sets the password's hash and ends every session of the account by a new stamp, which is returned.</summary>
    public async Task<Guid> SetHashAsync(Guid id, string hash, CancellationToken cancel)
    {
        Guid stamp = NewStamp();
        await using DbConnection connection = await database.OpenAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE console_account SET hash = @hash, stamp = @stamp WHERE id = @id", new { id = Bytes(id), hash, stamp = Bytes(stamp) }, cancellationToken: cancel));
        return stamp;
    }

    public async Task<bool> RemoveAsync(string name, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM console_link WHERE account IN (SELECT id FROM console_account WHERE name = @name)", new { name }, cancellationToken: cancel));
        return await connection.ExecuteAsync(new CommandDefinition("DELETE FROM console_account WHERE name = @name", new { name }, cancellationToken: cancel)) > 0;
    }

    /// <summary>Makes a one-time token: for setting the password of <paramref name="account"/>, or, where that is null, for making a first account.</summary>
    public async Task<string> AddLinkAsync(Guid? account, CancellationToken cancel)
    {
        byte[] token = RandomNumberGenerator.GetBytes(TokenBytes);
        DateTimeOffset now = clock.GetUtcNow();
        await using DbConnection connection = await database.OpenAsync(cancel);

        // One live link for one purpose: whoever asks for a new one may have lost the old one to a wrong window.
        await connection.ExecuteAsync(new CommandDefinition(
            account is null ? "DELETE FROM console_link WHERE account IS NULL OR until < @now" : "DELETE FROM console_link WHERE account = @account OR until < @now",
            new { account = account is { } id ? Bytes(id) : null, now = now.ToUnixTimeSeconds() }, cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO console_link (hash, account, until) VALUES (@hash, @account, @until)",
            new { hash = SHA256.HashData(token), account = account is { } owner ? Bytes(owner) : null, until = (now + LinkTerm).ToUnixTimeSeconds() }, cancellationToken: cancel));
        return Convert.ToHexStringLower(token);
    }

    /// <summary>Looks at a link without using it up: mail scanners and previews open links too.</summary>
    public async Task<SignInLink?> PeekLinkAsync(string? token, CancellationToken cancel)
    {
        if (HashOf(token) is not { } hash)
        {
            return null;
        }

        await using DbConnection connection = await database.OpenAsync(cancel);
        LinkRow? row = await connection.QuerySingleOrDefaultAsync<LinkRow>(new CommandDefinition(
            "SELECT account AS Account, until AS Until FROM console_link WHERE hash = @hash AND until >= @now", new { hash, now = clock.GetUtcNow().ToUnixTimeSeconds() }, cancellationToken: cancel));
        return row is null ? null : new(row.Account is { } id ? await FindAsync(new Guid(id, bigEndian: true), cancel) : null);
    }

    /// <summary>Uses a link up; true for exactly one caller.</summary>
    public async Task<bool> UseLinkAsync(string? token, CancellationToken cancel)
    {
        if (HashOf(token) is not { } hash)
        {
            return false;
        }

        await using DbConnection connection = await database.OpenAsync(cancel);
        return await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM console_link WHERE hash = @hash AND until >= @now", new { hash, now = clock.GetUtcNow().ToUnixTimeSeconds() }, cancellationToken: cancel)) == 1;
    }

    private static byte[]? HashOf(string? token)
    {
        if (token is not { Length: TokenBytes * 2 } || !token.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        return SHA256.HashData(Convert.FromHexString(token));
    }

    // A stamp is compared, never sorted: random in all its bits.
    private static Guid NewStamp() => new(RandomNumberGenerator.GetBytes(16));

    private static byte[] Bytes(Guid id) => id.ToByteArray(bigEndian: true);

    private static Account? Read(Row? row) =>
        row is null ? null : new(
            new Guid(row.Id, bigEndian: true), row.Name, (AccountRole)row.Role, row.Hash, new Guid(row.Stamp, bigEndian: true), DateTimeOffset.FromUnixTimeMilliseconds(row.Created / 1000));

    private sealed class Row
    {
        public byte[] Id { get; init; } = [];

        public string Name { get; init; } = "";

        public long Role { get; init; }

        public string? Hash { get; init; }

        public byte[] Stamp { get; init; } = [];

        public long Created { get; init; }
    }

    private sealed class LinkRow
    {
        public byte[]? Account { get; init; }

        public long Until { get; init; }
    }
}

/// <summary>A link that can still be used.</summary>
/// <param name="Account">Whose password it sets; null where it makes a new account.</param>
internal sealed record SignInLink(Account? Account);
