using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Analysis.Rotations;

/// <summary>
/// Fingerprints over time. A value that differs from the one that holds is a candidate until it was seen often enough in a row; what is seen
/// once and not again is noise, and counted. A sighting that comes twice counts once.
/// </summary>
internal sealed class RotationStore(IDatabase database, IOptions<RotationsOptions> options, TimeProvider clock)
{
    private const string State =
        "value AS Value, since AS Since, seen AS Seen, evidence AS Evidence, candidate AS Candidate, candidate_since AS CandidateSince, candidate_times AS CandidateTimes, candidate_evidence AS CandidateEvidence, unsteady AS Unsteady, changes AS Changes";

    private const string Columns =
        "id AS Id, address AS Address, port AS Port, probe AS Probe, number AS Number, returned AS Returned, old_value AS Old, new_value AS New, time AS Time, old_first AS OldFirst, old_last AS OldLast, evidence AS Evidence";

    private const string ThisKey = "address = @Address AND port = @Port AND probe = @Probe";

    /// <summary>Keeps sightings in one transaction; what they amount to is returned when it is committed, to be published.</summary>
    public async Task<Recorded> RecordAsync(IReadOnlyList<Sighting> sightings, CancellationToken cancel)
    {
        List<Rotation> rotations = [];
        List<Sighting> doubtful = [];
        await using DbConnection connection = await database.OpenAsync(cancel);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancel);

        // One order for every process, so that no two wait for each other's rows.
        foreach (Sighting sighting in sightings.OrderBy(each => each.Address.Bits).ThenBy(each => each.Port).ThenBy(each => each.Probe, StringComparer.Ordinal).ThenBy(each => each.Time))
        {
            switch (await RecordAsync(transaction, sighting, cancel))
            {
                case (Rotation rotation, _):
                    rotations.Add(rotation);
                    break;
                case (null, true):
                    doubtful.Add(sighting);
                    break;
            }
        }

        await transaction.CommitAsync(cancel);
        return new(rotations, doubtful);
    }

    /// <summary>
    /// Rotations that were committed before <paramref name="before"/>, and whose publishing nobody has seen through. When that was is told by their ids,
    /// which are made then; their time is the sighting's, and may lie far back where probes waited in a queue.
    /// </summary>
    public async Task<IReadOnlyList<Rotation>> UnpublishedAsync(DateTimeOffset before, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        return [.. (await connection.QueryAsync<RotationRow>(new CommandDefinition(
            $"SELECT {Columns} FROM rotation WHERE published = 0 AND id < @first ORDER BY id LIMIT 1000", new { first = new ObservationId(Uuid7.FirstAt(before)) }, cancellationToken: cancel))).Select(row => row.ToRotation())];
    }

    public async Task MarkPublishedAsync(ObservationId id, CancellationToken cancel)
    {
        await using DbConnection connection = await database.OpenAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition("UPDATE rotation SET published = 1 WHERE id = @id", new { id }, cancellationToken: cancel));
    }

    /// <summary>Everything known of an address, newest first.</summary>
    public async Task<FingerprintHistory> HistoryAsync(PeerAddress peer, CancellationToken cancel)
    {
        const int MaxRows = 1000; // More than anyone reads; a server that rotates hourly makes as many in six weeks.
        string address = peer.ToString();
        await using DbConnection connection = await database.OpenAsync(cancel);
        IEnumerable<ValueRow> values = await connection.QueryAsync<ValueRow>(new CommandDefinition(
            $"""
             SELECT v.port AS Port, v.probe AS Probe, v.value AS Value, v.first AS First, v.last AS Last, v.spells AS Spells, s.value = v.value AS IsCurrent
             FROM rotation_value v JOIN rotation_state s ON s.address = v.address AND s.port = v.port AND s.probe = v.probe
             WHERE v.address = @address ORDER BY v.last DESC LIMIT {MaxRows}
             """, new { address }, cancellationToken: cancel));
        IEnumerable<RotationRow> rotations = await connection.QueryAsync<RotationRow>(new CommandDefinition(
            $"SELECT {Columns} FROM rotation WHERE address = @address ORDER BY time DESC, number DESC LIMIT {MaxRows}", new { address }, cancellationToken: cancel));
        IEnumerable<(long Port, string Probe, long Count)> unsteady = await connection.QueryAsync<(long, string, long)>(new CommandDefinition(
            "SELECT port, probe, unsteady FROM rotation_state WHERE address = @address AND unsteady > 0", new { address }, cancellationToken: cancel));
        return new(
            [.. values.Select(row => new FingerprintSpell((int)row.Port, row.Probe, row.Value, row.First, row.Last, (int)row.Spells, row.IsCurrent))],
            [.. rotations.Select(row => row.ToRotation())],
            unsteady.ToDictionary(row => ((int)row.Port, row.Probe), row => (int)row.Count));
    }

    /// <summary>How often each of some addresses changed, and when last; those that never did are left out.</summary>
    public async Task<IReadOnlyDictionary<string, (int Count, DateTimeOffset Last)>> CountAsync(IReadOnlyCollection<string> addresses, CancellationToken cancel)
    {
        Dictionary<string, (int, DateTimeOffset)> counts = new(StringComparer.Ordinal);
        await using DbConnection connection = await database.OpenAsync(cancel);
        foreach (string[] some in addresses.Chunk(200))
        {
            foreach ((string address, long count, long last) in await connection.QueryAsync<(string, long, long)>(new CommandDefinition(
                SqlText.For(database.Dialect, "SELECT address, COUNT(*), MAX(time) FROM rotation WHERE address {sqlite:IN @some}{postgres:= ANY(@some)} GROUP BY address"), new { some }, cancellationToken: cancel)))
            {
                counts[address] = ((int)count, ColumnTypes.Time(last));
            }
        }

        return counts;
    }

    private async Task<(Rotation? Rotation, bool IsDoubtful)> RecordAsync(DbTransaction transaction, Sighting sighting, CancellationToken cancel)
    {
        DbConnection connection = transaction.Connection!;
        DynamicParameters key = new(new { Address = sighting.Address.ToString(), sighting.Port, sighting.Probe, sighting.Value, sighting.Time, sighting.Evidence });
        CommandDefinition Command(string sql) => new(sql, key, transaction, cancellationToken: cancel);
        if (await connection.ExecuteAsync(Command(
            """
            INSERT INTO rotation_state (address, port, probe, value, since, seen, evidence, candidate, candidate_since, candidate_times, candidate_evidence, unsteady, changes)
            VALUES (@Address, @Port, @Probe, @Value, @Time, @Time, @Evidence, NULL, 0, 0, '', 0, 0) ON CONFLICT DO NOTHING
            """)) > 0)
        {
            await connection.ExecuteAsync(Command("INSERT INTO rotation_value (address, port, probe, value, first, last, spells) VALUES (@Address, @Port, @Probe, @Value, @Time, @Time, 1)"));
            return default;
        }

        StateRow state = await connection.QuerySingleAsync<StateRow>(Command(SqlText.For(database.Dialect, $"SELECT {State} FROM rotation_state WHERE {ThisKey} {{postgres:FOR UPDATE}}")));
        if (sighting.Time <= state.Seen)
        {
            // Delivered again, or overtaken by a later one: the present is known better.
            return default;
        }

        if (sighting.Value == state.Value)
        {
            key.Add("lost", state.Candidate is null ? 0 : 1);
            await connection.ExecuteAsync(Command(
                $"UPDATE rotation_state SET seen = @Time, evidence = @Evidence, candidate = NULL, candidate_times = 0, candidate_evidence = '', unsteady = unsteady + @lost WHERE {ThisKey}"));
            await connection.ExecuteAsync(Command($"UPDATE rotation_value SET last = @Time WHERE {ThisKey} AND value = @Value"));
            return default;
        }

        bool again = sighting.Value == state.Candidate;
        DateTimeOffset since = again ? state.CandidateSince : sighting.Time;
        int times = again ? (int)state.CandidateTimes + 1 : 1;
        string evidence = again ? $"{state.CandidateEvidence},{sighting.Evidence}" : sighting.Evidence.ToString();
        key.Add("since", ColumnTypes.Microseconds(since));
        key.Add("times", times);
        key.Add("evidences", evidence);
        key.Add("lost", again || state.Candidate is null ? 0 : 1);
        if (times < options.Value.Confirmations)
        {
            await connection.ExecuteAsync(Command(
                $"UPDATE rotation_state SET seen = @Time, candidate = @Value, candidate_since = @since, candidate_times = @times, candidate_evidence = @evidences, unsteady = unsteady + @lost WHERE {ThisKey}"));
            return (null, true);
        }

        bool returned = await connection.ExecuteAsync(Command($"UPDATE rotation_value SET last = @Time, spells = spells + 1 WHERE {ThisKey} AND value = @Value")) > 0;
        if (!returned)
        {
            await connection.ExecuteAsync(Command("INSERT INTO rotation_value (address, port, probe, value, first, last, spells) VALUES (@Address, @Port, @Probe, @Value, @since, @Time, 1)"));
        }

        DateTimeOffset oldLast = await connection.ExecuteScalarAsync<DateTimeOffset>(new CommandDefinition(
            $"SELECT last FROM rotation_value WHERE {ThisKey} AND value = @Old", new { Address = sighting.Address.ToString(), sighting.Port, sighting.Probe, Old = state.Value }, transaction, cancellationToken: cancel));
        Rotation rotation = new(
            ObservationId.New(clock), sighting.Address, sighting.Port, sighting.Probe, (int)state.Changes + 1, returned, state.Value, sighting.Value, sighting.Time, state.Since, oldLast, evidence);
        await connection.ExecuteAsync(Command(
            $"UPDATE rotation_state SET value = @Value, since = @since, seen = @Time, evidence = @Evidence, candidate = NULL, candidate_times = 0, candidate_evidence = '', unsteady = unsteady + @lost, changes = changes + 1 WHERE {ThisKey}"));
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO rotation (id, address, port, probe, number, returned, old_value, new_value, time, old_first, old_last, evidence, published)
            VALUES (@Id, @Address, @Port, @Probe, @Number, @Returned, @Old, @New, @Time, @OldFirst, @OldLast, @Evidence, 0)
            """, RotationRow.Of(rotation), transaction, cancellationToken: cancel));
        return (rotation, false);
    }

    private sealed class StateRow
    {
        public string Value { get; init; } = "";

        public DateTimeOffset Since { get; init; }

        public DateTimeOffset Seen { get; init; }

        public string? Candidate { get; init; }

        public DateTimeOffset CandidateSince { get; init; }

        public long CandidateTimes { get; init; }

        public string CandidateEvidence { get; init; } = "";

        public long Changes { get; init; }
    }

    private sealed class ValueRow
    {
        public long Port { get; init; }

        public string Probe { get; init; } = "";

        public string Value { get; init; } = "";

        public DateTimeOffset First { get; init; }

        public DateTimeOffset Last { get; init; }

        public long Spells { get; init; }

        public bool IsCurrent { get; init; }
    }

    private sealed class RotationRow
    {
        public ObservationId Id { get; init; }

        public string Address { get; init; } = "";

        public long Port { get; init; }

        public string Probe { get; init; } = "";

        public long Number { get; init; }

        public bool Returned { get; init; }

        public string Old { get; init; } = "";

        public string New { get; init; } = "";

        public DateTimeOffset Time { get; init; }

        public DateTimeOffset OldFirst { get; init; }

        public DateTimeOffset OldLast { get; init; }

        public string Evidence { get; init; } = "";

        public static RotationRow Of(Rotation of) => new()
        {
            Id = of.Id,
            Address = of.Address.ToString(),
            Port = of.Port,
            Probe = of.Probe,
            Number = of.Number,
            Returned = of.Returned,
            Old = of.Old,
            New = of.New,
            Time = of.Time,
            OldFirst = of.OldFirst,
            OldLast = of.OldLast,
            Evidence = of.Evidence,
        };

        public Rotation ToRotation() => new(
            Id, PeerAddress.TryParse(Address, out PeerAddress address) ? address : default, (int)Port, Probe, (int)Number, Returned, Old, New, Time, OldFirst, OldLast, Evidence);
    }
}
