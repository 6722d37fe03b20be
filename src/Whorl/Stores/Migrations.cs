using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Dapper;

namespace Whorl.Stores;

/// <summary>Brings the tables of all modules up to date, in one transaction that the caller holds and that excludes every other process.</summary>
internal sealed class Migrations(IEnumerable<MigrationSet> sets, TimeProvider clock)
{
    private readonly MigrationSet[] _sets = [.. sets.OrderBy(set => set.Module, StringComparer.Ordinal)];

    /// <summary>Applies what is missing; how many scripts were applied is returned.</summary>
    /// <exception cref="StoreException">The database is of a newer version, or a script that was applied has been changed.</exception>
    public async Task<int> ApplyAsync(DbTransaction transaction, Dialect dialect, CancellationToken cancel)
    {
        DbConnection connection = transaction.Connection!;
        await connection.ExecuteAsync(new CommandDefinition(SqlText.For(dialect, """
            CREATE TABLE IF NOT EXISTS migrations (
                module {text} NOT NULL,
                number {int} NOT NULL,
                hash {text} NOT NULL,
                applied {int} NOT NULL,
                PRIMARY KEY (module, number)
            ) {strict}
            """), transaction: transaction, cancellationToken: cancel));

        int count = 0;
        foreach (MigrationSet set in _sets)
        {
            List<Applied> applied = [.. await connection.QueryAsync<Applied>(new CommandDefinition(
                "SELECT number AS Number, hash AS Hash FROM migrations WHERE module = @Module ORDER BY number",
                new { set.Module }, transaction, cancellationToken: cancel))];
            Check(set, applied);
            for (int i = applied.Count; i < set.Scripts.Count; i++)
            {
                await connection.ExecuteAsync(new CommandDefinition(
                    SqlText.For(dialect, set.Scripts[i]), transaction: transaction, cancellationToken: cancel));
                await connection.ExecuteAsync(new CommandDefinition(
                    "INSERT INTO migrations (module, number, hash, applied) VALUES (@Module, @Number, @Hash, @Applied)",
                    new { set.Module, Number = i + 1L, Hash = HashOf(set.Scripts[i]), Applied = clock.GetUtcNow() }, transaction, cancellationToken: cancel));
                count++;
            }
        }

        return count;
    }

    private static void Check(MigrationSet set, List<Applied> applied)
    {
        if (applied.Count > set.Scripts.Count)
        {
            throw new StoreException(
                $"The database is newer than this program: {set.Module} is at script {applied.Count}, this version knows {set.Scripts.Count}.",
                "Start the newer version, or restore the backup made before the upgrade; scripts never go back.");
        }

        for (int i = 0; i < applied.Count; i++)
        {
            if (applied[i].Number != i + 1 || applied[i].Hash != HashOf(set.Scripts[i]))
            {
                throw new StoreException(
                    $"The database does not match this program: script {i + 1} of {set.Module} is not the one that was applied.",
                    "A database of another build? Use the version that made it; a change to tables is a new script, never an edit.");
            }
        }
    }

    private static string HashOf(string script) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(script.ReplaceLineEndings("\n"))));

    private sealed class Applied
    {
        public long Number { get; init; }

        public string Hash { get; init; } = "";
    }
}
