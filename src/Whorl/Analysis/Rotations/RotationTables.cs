using Whorl.Stores;

namespace Whorl.Analysis.Rotations;

/// <summary>
/// Tables of rotations. A row of <c>rotation_state</c> is one address, port and probe: the value that holds, and one that may follow it. Whoever
/// changes anything of a key holds that row's lock. <c>rotation_value</c> has every value that ever held, <c>rotation</c> every change.
/// </summary>
internal static class RotationTables
{
    public static readonly MigrationSet Migrations = new("rotations",
    [
        """
        CREATE TABLE rotation_state (
            address {text} NOT NULL,
            port {int} NOT NULL,
            probe {text} NOT NULL,
            value {text} NOT NULL,
            since {int} NOT NULL,
            seen {int} NOT NULL,
            evidence {blob} NOT NULL,
            candidate {text},
            candidate_since {int} NOT NULL,
            candidate_times {int} NOT NULL,
            candidate_evidence {text} NOT NULL,
            unsteady {int} NOT NULL,
            changes {int} NOT NULL,
            PRIMARY KEY (address, port, probe)
        ) {strict};
        CREATE TABLE rotation_value (
            address {text} NOT NULL,
            port {int} NOT NULL,
            probe {text} NOT NULL,
            value {text} NOT NULL,
            first {int} NOT NULL,
            last {int} NOT NULL,
            spells {int} NOT NULL,
            PRIMARY KEY (address, port, probe, value)
        ) {strict};
        CREATE TABLE rotation (
            id {blob} NOT NULL PRIMARY KEY,
            address {text} NOT NULL,
            port {int} NOT NULL,
            probe {text} NOT NULL,
            number {int} NOT NULL,
            returned {int} NOT NULL,
            old_value {text} NOT NULL,
            new_value {text} NOT NULL,
            time {int} NOT NULL,
            old_first {int} NOT NULL,
            old_last {int} NOT NULL,
            evidence {text} NOT NULL,
            published {int} NOT NULL,
            UNIQUE (address, port, probe, number)
        ) {strict};
        CREATE INDEX rotation_time ON rotation (time);
        CREATE INDEX rotation_published ON rotation (published)
        """,
    ]);
}
