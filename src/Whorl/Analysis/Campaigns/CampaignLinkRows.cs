using System.Data.Common;
using Dapper;
using Whorl.Analysis.Campaigns.Queries;
using Whorl.Stores;

namespace Whorl.Analysis.Campaigns;

/// <summary>Writes the links of sites that were looked at anew. Most are as they were, and rows that say so already are left alone.</summary>
internal sealed class CampaignLinkRows(DbTransaction transaction, Dialect dialect)
{
    private const int Sites = 500; // Of a statement.

    public async Task WriteAsync(IReadOnlyList<string> looked, IReadOnlyList<SiteLink> links, CancellationToken cancel)
    {
        Dictionary<(string Site, string Other), (long Score, string Evidence)> kept = await ReadAsync(looked, cancel);
        List<LinkRow> changed = [];
        foreach (SiteLink link in links)
        {
            LinkRow row = new() { Site = link.Site, Other = link.Other, Score = CampaignStore.Thousandths(link.Score), Evidence = EvidenceJson.Write(link.Evidence) };
            if (!kept.Remove((row.Site, row.Other), out (long Score, string Evidence) before) || before != (row.Score, row.Evidence))
            {
                changed.Add(row);
            }
        }

        LinkRow[] gone = [.. kept.Keys.Select(key => new LinkRow { Site = key.Site, Other = key.Other })];
        await EachAsync(
            gone,
            "DELETE FROM campaign_link WHERE site = @Site AND other = @Other",
            "DELETE FROM campaign_link USING unnest(@sites, @others) AS gone (site, other) WHERE campaign_link.site = gone.site AND campaign_link.other = gone.other",
            cancel);
        await EachAsync(
            changed,
            "INSERT INTO campaign_link (site, other, score, evidence) VALUES (@Site, @Other, @Score, @Evidence) ON CONFLICT (site, other) DO UPDATE SET score = excluded.score, evidence = excluded.evidence",
            """
            INSERT INTO campaign_link (site, other, score, evidence) SELECT * FROM unnest(@sites, @others, @scores, @evidence)
            ON CONFLICT (site, other) DO UPDATE SET score = excluded.score, evidence = excluded.evidence
            """,
            cancel);
    }

    private async Task<Dictionary<(string Site, string Other), (long Score, string Evidence)>> ReadAsync(IReadOnlyList<string> looked, CancellationToken cancel)
    {
        Dictionary<(string Site, string Other), (long Score, string Evidence)> kept = [];
        foreach (string[] some in looked.Chunk(Sites))
        {
            foreach (string end in new[] { "site", "other" })
            {
                foreach (LinkRow row in await transaction.Connection!.QueryAsync<LinkRow>(new CommandDefinition(
                    SqlText.For(dialect, $"SELECT site AS Site, other AS Other, score AS Score, evidence AS Evidence FROM campaign_link WHERE {end} {{sqlite:IN @some}}{{postgres:= ANY(@some)}}"),
                    new { some }, transaction, cancellationToken: cancel)))
                {
                    kept[(row.Site, row.Other)] = (row.Score, row.Evidence);
                }
            }
        }

        return kept;
    }

    // A server is asked once for many; in the own process one after another costs the same.
    private async Task EachAsync(IReadOnlyList<LinkRow> rows, string sqlite, string postgres, CancellationToken cancel)
    {
        if (dialect == Dialect.Sqlite)
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(sqlite, rows, transaction, cancellationToken: cancel));
            return;
        }

        foreach (LinkRow[] some in rows.Chunk(Sites))
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                postgres,
                new
                {
                    sites = some.Select(row => row.Site).ToArray(),
                    others = some.Select(row => row.Other).ToArray(),
                    scores = some.Select(row => row.Score).ToArray(),
                    evidence = some.Select(row => row.Evidence).ToArray(),
                },
                transaction, cancellationToken: cancel));
        }
    }
}
