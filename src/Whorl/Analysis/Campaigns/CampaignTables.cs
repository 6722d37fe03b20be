using Whorl.Stores;

namespace Whorl.Analysis.Campaigns;

/// <summary>
/// Tables of campaigns. <c>campaign_page</c> has what each address of a site showed last; <c>campaign_site</c> each site with the features of all of them, and where it stands; <c>campaign_feature</c> the same features
/// to be searched; <c>campaign_link</c> the best links of each site; <c>campaign_event</c> every step, and whether it was published. Whoever writes takes the next
/// turn of <c>campaign_turn</c>, which keeps the mark of the last write, and may not where another has taken it.
/// </summary>
internal static class CampaignTables
{
    public static readonly MigrationSet Migrations = new("campaigns",
    [
        """
        CREATE TABLE campaign_site (
            number {key},
            site {text} NOT NULL UNIQUE,
            url {text} NOT NULL,
            title {text},
            class {text} NOT NULL,
            scan {text} NOT NULL,
            last_scan {text} NOT NULL,
            first {int} NOT NULL,
            last {int} NOT NULL,
            features {text} NOT NULL,
            campaign {blob},
            firm {int} NOT NULL,
            strength {int} NOT NULL,
            through {text},
            joined {int}
        ) {strict};
        CREATE INDEX campaign_site_campaign ON campaign_site (campaign);
        CREATE TABLE campaign_page (
            site {text} NOT NULL,
            url {text} NOT NULL,
            rank {int} NOT NULL,
            scan {text} NOT NULL,
            features {text} NOT NULL,
            PRIMARY KEY (site, url)
        ) {strict};
        CREATE TABLE campaign_feature (
            kind {text} NOT NULL,
            value {text} NOT NULL,
            site {int} NOT NULL,
            PRIMARY KEY (kind, value, site)
        ) {strict}{sqlite:, WITHOUT ROWID};
        CREATE TABLE campaign_link (
            site {text} NOT NULL,
            other {text} NOT NULL,
            score {int} NOT NULL,
            evidence {text} NOT NULL,
            PRIMARY KEY (site, other)
        ) {strict}{sqlite:, WITHOUT ROWID};
        CREATE INDEX campaign_link_other ON campaign_link (other);
        CREATE TABLE campaign (
            id {blob} NOT NULL PRIMARY KEY,
            label {text} NOT NULL,
            sites {int} NOT NULL,
            score {int} NOT NULL,
            first {int} NOT NULL,
            changed {int} NOT NULL,
            merged_into {blob}
        ) {strict};
        CREATE INDEX campaign_changed ON campaign (changed);
        CREATE TABLE campaign_event (
            id {blob} NOT NULL PRIMARY KEY,
            campaign {blob} NOT NULL,
            time {int} NOT NULL,
            step {int} NOT NULL,
            other {blob},
            sites {int} NOT NULL,
            joined {text} NOT NULL,
            evidence {text} NOT NULL,
            published {int} NOT NULL
        ) {strict};
        CREATE INDEX campaign_event_campaign ON campaign_event (campaign);
        CREATE INDEX campaign_event_published ON campaign_event (published);
        CREATE TABLE campaign_turn (
            id {int} NOT NULL PRIMARY KEY,
            turn {int} NOT NULL,
            mark {text} NOT NULL
        ) {strict};
        INSERT INTO campaign_turn (id, turn, mark) VALUES (1, 0, '')
        """,
    ]);
}
