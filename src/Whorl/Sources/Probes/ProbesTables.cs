using Whorl.Stores;

namespace Whorl.Sources.Probes;

/// <summary>The prober's tables: whom it visits and when, what it sent, how far it read logs, and what it was told to do.</summary>
internal static class ProbesTables
{
    public static readonly MigrationSet Migrations = new("probes",
    [
        """
        CREATE TABLE probe_targets (
            address {text} NOT NULL PRIMARY KEY,
            network {text} NOT NULL,
            first_seen {int} NOT NULL,
            last_seen {int} NOT NULL,
            reason {text} NOT NULL,
            due {int} NOT NULL,
            rank {int} NOT NULL,
            silent {int} NOT NULL,
            visits {int} NOT NULL,
            visited {int} NOT NULL,
            rotating {int} NOT NULL,
            owner {text} NOT NULL,
            leased {int} NOT NULL
        ) {strict};
        CREATE INDEX probe_targets_due ON probe_targets (rank, due);
        CREATE INDEX probe_targets_silent ON probe_targets (rank, silent);
        CREATE INDEX probe_targets_owner ON probe_targets (owner);
        CREATE INDEX probe_targets_network ON probe_targets (network) WHERE network <> '';
        CREATE TABLE probe_audit (
            visit {blob} NOT NULL,
            port {int} NOT NULL,
            probe {int} NOT NULL,
            time {int} NOT NULL,
            node {text} NOT NULL,
            address {text} NOT NULL,
            outcome {text} NOT NULL,
            sent {int} NOT NULL,
            PRIMARY KEY (visit, port, probe)
        ) {strict};
        CREATE INDEX probe_audit_time ON probe_audit (time);
        CREATE INDEX probe_audit_address ON probe_audit (address, time);
        CREATE TABLE probe_logs (
            node {text} NOT NULL,
            path {text} NOT NULL,
            head {blob} NOT NULL,
            position {int} NOT NULL,
            PRIMARY KEY (node, path)
        ) {strict};
        CREATE TABLE probe_control (
            node {text} NOT NULL PRIMARY KEY,
            state {text} NOT NULL
        ) {strict};
        """,
    ]);
}
