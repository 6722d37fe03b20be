using System.Data.Common;
using System.Text;
using Dapper;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Journal;

/// <summary>Keeps observations as blocks, finds one by its id, and searches newest first.</summary>
internal sealed class JournalStore(IDatabase database, BatchWriters writers, IOptions<JournalOptions> options, TimeProvider clock) : IAsyncDisposable
{
    // A page of a search: what is held in memory at once is this many blocks.
    private const int PageBlocks = 32;

    private readonly JournalPartitions _partitions = new(database, options, clock);
    private BatchWriter<ObservationBatch>? _writer;

    // Sources have batched already; a short wait lets the blocks of several sources share one commit and its flush to the disk.
    private BatchWriter<ObservationBatch> Writer => LazyInitializer.EnsureInitialized(ref _writer, () => writers.Create<ObservationBatch>(
        new("journal") { MaxBatch = 64, Linger = TimeSpan.FromMilliseconds(50), Capacity = 256 }, InsertAsync));

    /// <summary>Ends when the block is committed. A block that is stored already is left as it is.</summary>
    public async Task WriteAsync(ObservationBatch block, CancellationToken cancel)
    {
        if (Uuid7.TimeOf(block.Last.Value) < _partitions.Oldest)
        {
            return; // Late by more than the retention: it would be deleted at once.
        }

        await _partitions.PrepareAsync(Uuid7.TimeOf(block.First.Value), cancel);
        await Writer.WriteAsync(block, cancel);
    }

    /// <summary>The observation with this id; null where there is none, or none any more.</summary>
    public async Task<Observation?> FindAsync(ObservationId id, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        IEnumerable<byte[]> bodies = await connection.QueryAsync<byte[]>(new CommandDefinition(
            "SELECT body FROM journal WHERE first <= @Id AND first >= @Low AND last >= @Id",
            new { Id = id, Low = LowestFirst(Uuid7.TimeOf(id.Value)) }, cancellationToken: cancel));
        byte[] needle = Encoding.ASCII.GetBytes(id.ToString());
        return bodies.SelectMany(body => Hits(body, [needle], observation => observation.Id == id)).FirstOrDefault();
    }

    public async Task<JournalPage> SearchAsync(JournalQuery query, CancellationToken cancel)
    {
        byte[][] needles = JournalNeedle.Of(query.Needles);
        ObservationId from = new(Uuid7.FirstAt(query.From ?? DateTimeOffset.MinValue));
        UInt128 low = JournalBlock.Bits(from);
        UInt128 high = UInt128.Min(
            query.To is { } to ? JournalBlock.Bits(new(Uuid7.FirstAt(to))) : UInt128.MaxValue,
            query.Before is { } before ? JournalBlock.Bits(before) : UInt128.MaxValue);
        bool Wanted(Observation observation) =>
            JournalBlock.Bits(observation.Id) is { } bits && bits >= low && bits < high && (query.Match is null || query.Match(observation));

        // Blocks of several sensors overlap in time. They come by their newest id, so a hit can be given out as soon as it is newer than
        // every block still to come.
        List<Observation> found = [];
        PriorityQueue<Observation, UInt128> waiting = new(Comparer<UInt128>.Create((a, b) => b.CompareTo(a)));
        Row? last = null;
        long scanned = 0;
        while (true)
        {
            IReadOnlyList<Row> page = await PageAsync(query.Kind, from, high, last, cancel);
            foreach (Row row in page)
            {
                cancel.ThrowIfCancellationRequested();
                if (GiveOut(waiting, found, query.Limit, JournalBlock.Bits(row.Last)))
                {
                    return new(found, null);
                }

                if (scanned >= query.MaxScannedBytes)
                {
                    GiveOut(waiting, found, query.Limit, 0);
                    return new(found, Uuid7.TimeOf(row.Last.Value));
                }

                scanned += row.Body.Length;
                foreach (Observation hit in Hits(row.Body, needles, Wanted))
                {
                    waiting.Enqueue(hit, JournalBlock.Bits(hit.Id));
                }

                last = row;
            }

            if (page.Count < PageBlocks)
            {
                GiveOut(waiting, found, query.Limit, 0);
                return new(found, null);
            }
        }
    }

    /// <summary>Deletes what is older than the retention, and the oldest above the size limit; how many blocks or days went is returned.</summary>
    public Task<int> TrimAsync(CancellationToken cancel) => _partitions.TrimAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        if (_writer is not null)
        {
            await _writer.DisposeAsync();
        }

        _partitions.Dispose();
    }

    private static bool GiveOut(PriorityQueue<Observation, UInt128> waiting, List<Observation> found, int limit, UInt128 newerThan)
    {
        while (found.Count < limit && waiting.TryPeek(out _, out UInt128 id) && id > newerThan)
        {
            found.Add(waiting.Dequeue());
        }

        return found.Count >= limit;
    }

    private static IEnumerable<Observation> Hits(byte[] body, byte[][] needles, Func<Observation, bool> wanted)
    {
        if (!needles.All(needle => body.AsSpan().IndexOf(needle) >= 0))
        {
            yield break;
        }

        int position = 0;
        while (TryNextCandidate(body, needles, ref position, out Range line))
        {
            if (CloudEvents.TryRead(body.AsMemory(line), out Observation? observation) && wanted(observation!))
            {
                yield return observation!;
            }
        }
    }

    private static bool TryNextCandidate(byte[] body, byte[][] needles, ref int position, out Range line)
    {
        ReadOnlySpan<byte> json = body;
        if (needles.Length == 0)
        {
            return JournalBlock.TryNextLine(json, ref position, out line);
        }

        while (position < json.Length && json[position..].IndexOf(needles[0]) is >= 0 and int index)
        {
            bool isEvent = JournalBlock.TryLineAround(json, position + index, out line, out position);
            if (isEvent && ContainsAll(json[line], needles))
            {
                return true;
            }
        }

        line = default;
        return false;
    }

    private static bool ContainsAll(ReadOnlySpan<byte> line, byte[][] needles)
    {
        foreach (byte[] needle in needles)
        {
            if (line.IndexOf(needle) < 0)
            {
                return false;
            }
        }

        return true;
    }

    private static ObservationId LowestFirst(DateTimeOffset time) =>
        new(Uuid7.FirstAt(time - DateTimeOffset.UnixEpoch < JournalBlock.MaxSpan ? DateTimeOffset.UnixEpoch : time - JournalBlock.MaxSpan));

    private async Task<IReadOnlyList<Row>> PageAsync(string? kind, ObservationId from, UInt128 high, Row? after, CancellationToken cancel)
    {
        // The bound on first says nothing new, but lets PostgreSQL leave out whole days.
        StringBuilder sql = new("SELECT first AS First, last AS Last, kind AS Kind, body AS Body FROM journal WHERE last >= @from AND first >= @low");
        DynamicParameters parameters = new(new { from, low = LowestFirst(Uuid7.TimeOf(from.Value)) });
        if (high != UInt128.MaxValue)
        {
            byte[] highBytes = new byte[16];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(highBytes, high);
            sql.Append(" AND first < @high");
            parameters.Add("high", highBytes);
        }

        if (kind is not null)
        {
            sql.Append(" AND kind = @kind");
            parameters.Add("kind", kind);
        }

        if (after is not null)
        {
            sql.Append(" AND (last, first, kind) < (@AfterLast, @AfterFirst, @AfterKind)");
            parameters.AddDynamicParams(new { AfterLast = after.Last, AfterFirst = after.First, AfterKind = after.Kind });
        }

        sql.Append(" ORDER BY last DESC, first DESC, kind DESC LIMIT ").Append(PageBlocks);
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. await connection.QueryAsync<Row>(new CommandDefinition(sql.ToString(), parameters, cancellationToken: cancel))];
    }

    private async Task InsertAsync(DbTransaction transaction, IReadOnlyList<ObservationBatch> blocks, CancellationToken cancel)
    {
        await using DbCommand command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO journal (first, last, kind, count, body) VALUES (@first, @last, @kind, @count, @body) ON CONFLICT DO NOTHING";
        DbParameter first = Add("first"), last = Add("last"), kind = Add("kind"), count = Add("count"), body = Add("body");
        foreach (ObservationBatch block in blocks)
        {
            first.Value = ColumnTypes.Bytes(block.First.Value);
            last.Value = ColumnTypes.Bytes(block.Last.Value);
            kind.Value = block.Kind;
            count.Value = (long)block.Count;
            body.Value = block.Json.ToArray();
            await command.ExecuteNonQueryAsync(cancel);
        }

        DbParameter Add(string name)
        {
            DbParameter parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
            return parameter;
        }
    }

    private sealed class Row
    {
        public ObservationId First { get; init; }

        public ObservationId Last { get; init; }

        public string Kind { get; init; } = "";

        public byte[] Body { get; init; } = [];
    }
}
