using Whorl.Stores;

namespace Whorl.Sources.Sites;

/// <summary>Tables of the sites: jobs with their runs and steps; scans as JSON documents; the sites as lists show them; what they show that others may share.</summary>
internal static class SitesTables
{
    /// <summary>What <c>due</c> says of a job that is due never.</summary>
    public const long Never = long.MaxValue;

    // changed: words with commas between; empty for none, null where nobody compared. The document comes last: SQLite reads up to the column that is asked for.
    // search: host and title in lower case.
    // due: when a job may be claimed. While it is leased that is the end of the lease. untold: since when a scan is kept that nobody has
    // said to have told; NULL for the others. Ids are compared by their bytes.
    public static readonly MigrationSet Migrations = new("sites",
    [
        """
        CREATE TABLE site_jobs (
            id {text} {postgres:COLLATE "C"} NOT NULL PRIMARY KEY,
            url {text} NOT NULL UNIQUE,
            site {text} NOT NULL,
            origin {text} NOT NULL,
            state {int} NOT NULL,
            due {int} NOT NULL,
            failures {int} NOT NULL,
            runs {int} NOT NULL,
            interval_us {int} NOT NULL,
            added {int} NOT NULL,
            worker {text} NOT NULL,
            run {text} NOT NULL
        ) {strict};
        CREATE INDEX site_jobs_due ON site_jobs (due, id);
        CREATE INDEX site_jobs_state ON site_jobs (state, due, id);
        CREATE INDEX site_jobs_site ON site_jobs (site, due, id);
        CREATE INDEX site_jobs_run ON site_jobs (run);
        CREATE TABLE site_runs (
            id {text} {postgres:COLLATE "C"} NOT NULL PRIMARY KEY,
            job {text} NOT NULL,
            number {int} NOT NULL,
            worker {text} NOT NULL,
            state {int} NOT NULL,
            started {int} NOT NULL,
            ended {int},
            reason {text}
        ) {strict};
        CREATE INDEX site_runs_job ON site_runs (job, number);
        CREATE TABLE site_transitions (
            number {key},
            job {text} NOT NULL,
            run {text},
            from_state {int} NOT NULL,
            to_state {int} NOT NULL,
            time {int} NOT NULL,
            reason {text}
        ) {strict};
        CREATE INDEX site_transitions_job ON site_transitions (job, number);
        CREATE TABLE site_scans (
            id {text} {postgres:COLLATE "C"} NOT NULL PRIMARY KEY,
            site {text} NOT NULL,
            url {text} NOT NULL,
            time {int} NOT NULL,
            class {int} NOT NULL,
            reason {text},
            status {int},
            title {text},
            changed {text},
            untold {int},
            document {text} NOT NULL
        ) {strict};
        CREATE INDEX site_scans_site ON site_scans (site, id);
        CREATE INDEX site_scans_url ON site_scans (url, id);
        CREATE INDEX site_scans_untold ON site_scans (untold, id) WHERE untold IS NOT NULL;
        CREATE TABLE site_sites (
            site {text} NOT NULL PRIMARY KEY,
            url {text} NOT NULL,
            class {int} NOT NULL,
            reason {text},
            status {int},
            title {text},
            ip {text},
            icon {text},
            scans {int} NOT NULL,
            first {int} NOT NULL,
            last {int} NOT NULL,
            changed {int},
            scan {text} {postgres:COLLATE "C"} NOT NULL,
            search {text} NOT NULL
        ) {strict};
        CREATE INDEX site_sites_scan ON site_sites (scan);
        CREATE INDEX site_sites_class ON site_sites (class, scan);
        CREATE TABLE site_features (
            kind {text} NOT NULL,
            value {text} NOT NULL,
            site {text} NOT NULL,
            PRIMARY KEY (kind, value, site)
        ) {strict};
        CREATE INDEX site_features_site ON site_features (site);
        """,
    ]);
}
