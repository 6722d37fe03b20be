using Whorl.Stores;

namespace Whorl.Analysis.Journal;

/// <summary>
/// The journal's table: a row is a block of encoded observations. The key is an id, which begins with the time, so on PostgreSQL the
/// partitions by day are ranges of the key itself.
/// </summary>
internal static class JournalTables
{
    public static readonly MigrationSet Migrations = new("journal",
    [
        """
        CREATE TABLE journal (
            first {blob} NOT NULL,
            last {blob} NOT NULL,
            kind {text} NOT NULL,
            count {int} NOT NULL,
            body {blob} NOT NULL,
            PRIMARY KEY (first, kind)
        ) {strict}{postgres:PARTITION BY RANGE (first)};
        CREATE INDEX journal_last ON journal (last, first, kind);
        CREATE INDEX journal_kind ON journal (kind, last, first)
        """,
    ]);
}
