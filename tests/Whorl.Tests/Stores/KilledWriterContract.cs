using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Stores;

/// <summary>A process of its own writes and notes what was acknowledged, until it is killed in the middle.</summary>
public abstract class KilledWriterContract
{
    private const string PlaceVariable = "WHORL_TEST_KILLED_PLACE";
    private const string NotesVariable = "WHORL_TEST_KILLED_NOTES";
    private const int Rounds = 3;

    private static readonly MigrationSet Rows = new("rows", ["CREATE TABLE rows (n {int} NOT NULL PRIMARY KEY, body {blob} NOT NULL) {strict}"]);

    [Fact]
    public async Task A_writer_that_is_killed_leaves_a_whole_store_with_every_acknowledged_row()
    {
        using TempFolder folder = new();
        string place = await PlaceAsync();
        string notes = folder.File("acknowledged");
        for (int round = 0; round < Rounds; round++)
        {
            int before = Acknowledged(notes).Count;
            using Process child = StartChild(place, notes);
            using CancellationTokenSource late = new(TimeSpan.FromSeconds(120));
            while (Acknowledged(notes).Count < before + 500)
            {
                child.HasExited.ShouldBeFalse("the writer ended by itself");
                await Task.Delay(10, late.Token);
            }

            child.Kill();
            await child.WaitForExitAsync();
        }

        await using DbConnection connection = await Open(place, Rows).OpenAsync(default);
        await CheckAsync(connection);
        HashSet<long> stored = [.. await connection.QueryAsync<long>("SELECT n FROM rows WHERE length(body) = 512")];
        HashSet<long> acknowledged = Acknowledged(notes);
        acknowledged.Count.ShouldBeGreaterThanOrEqualTo(500 * Rounds);
        acknowledged.Where(n => !stored.Contains(n)).ShouldBeEmpty();
        (await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM rows")).ShouldBe(stored.Count);
    }

    [Fact(Explicit = true)]
    public async Task The_process_that_is_killed()
    {
        string place = Environment.GetEnvironmentVariable(PlaceVariable)!;
        using FileStream notes = new(Environment.GetEnvironmentVariable(NotesVariable)!, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        using TestMeters meters = new();
        IDatabase database = Open(place, Rows);
        await using BatchWriter<long> writer = new(database, new("killed") { Linger = TimeSpan.FromMilliseconds(2) }, async (transaction, rows, cancel) =>
        {
            foreach (long n in rows)
            {
                await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    "INSERT INTO rows (n, body) VALUES (@n, @body)", new { n, body = new byte[512] }, transaction, cancellationToken: cancel));
            }
        }, TimeProvider.System, new StoreMetrics(meters), NullLogger.Instance);
        await using (DbConnection connection = await database.OpenAsync(default))
        {
            long next = await connection.ExecuteScalarAsync<long>("SELECT coalesce(max(n), 0) FROM rows");
            Lock gate = new();
            await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(async () =>
            {
                // Ends only by being killed, or by whoever waits for it having died.
                for (int i = 0; i < 200_000; i++)
                {
                    long n = Interlocked.Increment(ref next);
                    await writer.WriteAsync(n, default);
                    lock (gate)
                    {
                        notes.Write(System.Text.Encoding.ASCII.GetBytes(n.ToString(CultureInfo.InvariantCulture) + "\n"));
                    }
                }
            })));
        }
    }

    internal abstract IDatabase Open(string place, params MigrationSet[] sets);

    /// <summary>A new, empty place for a database, as text.</summary>
    protected abstract Task<string> PlaceAsync();

    protected abstract Task CheckAsync(DbConnection connection);

    private static HashSet<long> Acknowledged(string notes)
    {
        if (!File.Exists(notes))
        {
            return [];
        }

        using FileStream file = new(notes, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader reader = new(file);
        string text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.Parse(line, CultureInfo.InvariantCulture))];
    }

    private Process StartChild(string place, string notes)
    {
        string name = GetType().FullName!;
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, GetType().Assembly.GetName().Name!),
            ["-explicit", "only", "-method", $"{name}.{nameof(The_process_that_is_killed)}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        start.Environment[PlaceVariable] = place;
        start.Environment[NotesVariable] = notes;
        return Process.Start(start)!;
    }
}
