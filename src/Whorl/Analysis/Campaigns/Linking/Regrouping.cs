namespace Whorl.Analysis.Campaigns.Linking;

/// <content>How groups follow from links.</content>
internal sealed partial class CampaignEngine
{
    /// <summary>One round: takes apart the groups that may have fallen apart, and joins what links connect.</summary>
    private sealed class Regrouping(CampaignEngine engine, Dictionary<CampaignId, HashSet<int>> former)
    {
        private readonly Dictionary<int, Standing> _before = [];
        private readonly Dictionary<int, FoundLink[]> _links = [];
        private readonly Dictionary<int, FoundLink[]> _kept = [];
        private readonly Dictionary<int, int> _parents = [];
        private readonly Dictionary<SiteGroup, List<CampaignId>> _claims = [];
        private readonly Dictionary<CampaignId, CampaignId> _mergedInto = [];
        private readonly Dictionary<CampaignId, CampaignId> _splitFrom = [];
        private readonly HashSet<CampaignId> _ended = [];
        private readonly HashSet<CampaignId> _fresh = [];
        private readonly HashSet<int> _restless = [];
        private readonly HashSet<SiteGroup> _deserted = [];

        /// <param name="dirty">Sites to be looked at, and whether what they show links less than it did.</param>
        /// <param name="held">The firm links that sites had before something was gone that speaks for links.</param>
        public void Run(Dictionary<int, bool> dirty, Dictionary<int, FoundLink[]> held)
        {
            HashSet<int> region = [.. dirty.Keys];
            HashSet<SiteGroup> parting = [.. dirty.Where(site => site.Value).Select(site => engine._groups[site.Key]).OfType<SiteGroup>()];
            foreach ((int site, FoundLink[] links) in held)
            {
                SiteGroup group = engine._groups[site]!;
                Dictionary<int, float> now = LinksOf(site).ToDictionary(link => link.Other, link => link.Score);
                if (links.Any(link => now.GetValueOrDefault(link.Other) < LinkWeights.Firm))
                {
                    parting.Add(group);
                }

                // All who were held best by this site, and are held less now, may be held better by another.
                region.UnionWith(group.Members.Where(member => engine._standings[member] is { } standing && standing.Through == site && now.GetValueOrDefault(member) < standing.Strength));
            }

            foreach (SiteGroup group in parting)
            {
                region.UnionWith(group.Firm);
                TakeApart(group);
            }

            foreach (int site in region)
            {
                Remember(site);
                foreach (FoundLink link in LinksOf(site))
                {
                    if (link.Score >= LinkWeights.Firm)
                    {
                        Join(Node(site), Node(link.Other));
                    }
                }
            }

            HashSet<int> entered = Build();
            NameGroups();
            Settle(region, entered);
        }

        public GroupChanges Changes(bool withLinks)
        {
            HashSet<CampaignId> touched = [];
            List<Move> moves = [];
            Dictionary<CampaignId, List<string>> joined = [];
            Dictionary<CampaignId, int> left = [];
            foreach ((int site, Standing before) in _before)
            {
                Standing now = engine._standings[site];
                if (now == before)
                {
                    continue;
                }

                moves.Add(new(engine._names[site], before, now, now.Through < 0 ? null : engine._names[now.Through]));
                if (before.Campaign is { } old)
                {
                    touched.Add(old);
                }

                if (now.Campaign is { } campaign)
                {
                    touched.Add(campaign);
                }

                if (now.Campaign != before.Campaign)
                {
                    if (now.Campaign is { } to)
                    {
                        (joined.TryGetValue(to, out List<string>? names) ? names : joined[to] = []).Add(engine._names[site]);
                    }

                    if (before.Campaign is { } from)
                    {
                        left[from] = left.GetValueOrDefault(from) + 1;
                    }
                }
            }

            Dictionary<CampaignId, SiteGroup> groups = Visited().Where(group => touched.Contains(group.Id) || _claims.ContainsKey(group)).ToDictionary(group => group.Id);
            List<GroupState> states = [];
            List<GroupStep> steps = [];
            foreach (SiteGroup group in groups.Values)
            {
                states.Add(new(group.Id, group.Count, Math.Round(group.Members.Average(member => engine._standings[member].Strength), 3), null));
                List<string> names = joined.GetValueOrDefault(group.Id) ?? [];
                CampaignId[] swallowed = [.. _mergedInto.Where(merge => merge.Value == group.Id).Select(merge => merge.Key)];
                if (_fresh.Contains(group.Id))
                {
                    CampaignId? origin = _splitFrom.TryGetValue(group.Id, out CampaignId from) ? from : null;
                    steps.Add(new(group.Id, origin is null ? CampaignStep.New : CampaignStep.Split, origin, group.Count, names));
                }
                else if (swallowed.Length == 0 && names.Count > 0)
                {
                    steps.Add(new(group.Id, CampaignStep.Grown, null, group.Count, names));
                }

                steps.AddRange(swallowed.Select(other => new GroupStep(group.Id, CampaignStep.Merged, other, group.Count, names)));
                if (!_fresh.Contains(group.Id) && left.ContainsKey(group.Id))
                {
                    steps.Add(new(group.Id, CampaignStep.Shrunk, null, group.Count, []));
                }
            }

            states.AddRange(_mergedInto.Select(merge => new GroupState(merge.Key, 0, 0, merge.Value)));
            states.AddRange(_ended.Select(id => new GroupState(id, 0, 0, null)));
            steps.AddRange(_ended.Select(id => new GroupStep(id, CampaignStep.Ended, null, 0, [])));
            List<SiteLink> links = withLinks ? [.. _kept.Keys.SelectMany(site => KeptOf(site).Select(link => engine.Link(site, link)))] : [];
            return new(moves, states, steps, [.. _kept.Keys.Select(site => engine._names[site])], links);
        }

        /// <summary>Groups that something may have happened to: those with claims, those that a loose member left, and those that remembered sites are in.</summary>
        private IEnumerable<SiteGroup> Visited() => _claims.Keys.Concat(_deserted).Concat(_before.Keys.Select(site => engine._groups[site] ?? engine.GroupOfLoose(site)).OfType<SiteGroup>())
            .Distinct().Where(engine._all.Contains);

        /// <summary>Links of a site that are kept: its best, and those that hold it or others.</summary>
        private IEnumerable<FoundLink> KeptOf(int site) =>
            _kept[site].Union(_links[site].Where(link => engine._standings[link.Other].Through == site || engine._standings[site].Through == link.Other));

        /// <summary>Takes a loose member out of the group that it is in, if any.</summary>
        private void Loosen(int site)
        {
            if (engine.GroupOfLoose(site) is { } group && group.Loose.Remove(site))
            {
                _deserted.Add(group);
            }
        }

        private void Remember(int site) => _before.TryAdd(site, engine._standings[site]);

        /// <summary>Links of a site that can hold it somewhere; the best of all are kept aside.</summary>
        private FoundLink[] LinksOf(int site)
        {
            if (_links.TryGetValue(site, out FoundLink[]? links))
            {
                return links;
            }

            List<FoundLink> found = engine._finder.Find(site, engine._features);
            found.Sort(Compare);
            _kept[site] = [.. found.Take(MaxLinks)];
            return _links[site] = [.. found.TakeWhile(link => link.Score >= LinkWeights.Loose)];
        }

        // The strongest first; of equal ones by name, so that numbers, which have a history, decide nothing.
        private int Compare(FoundLink one, FoundLink other) =>
            one.Score != other.Score ? other.Score.CompareTo(one.Score) : string.CompareOrdinal(engine._names[one.Other], engine._names[other.Other]);

        private void TakeApart(SiteGroup group)
        {
            former.Add(group.Id, [.. group.Firm]);
            foreach (int member in group.Members)
            {
                Remember(member);
            }

            foreach (int member in group.Firm)
            {
                engine._groups[member] = null;
            }

            _restless.UnionWith(group.Loose);
            engine._all.Remove(group);
        }

        private int Node(int site) => engine._groups[site]?.Anyone ?? site;

        private int Root(int node)
        {
            int root = node;
            while (_parents.TryGetValue(root, out int parent) && parent != root)
            {
                root = parent;
            }

            while (_parents.TryGetValue(node, out int next) && next != root)
            {
                (_parents[node], node) = (root, next);
            }

            return root;
        }

        private void Join(int one, int other)
        {
            _parents.TryAdd(one, one);
            _parents.TryAdd(other, other);
            _parents[Root(one)] = Root(other);
        }

        /// <summary>Makes groups of what was joined; the sites that came into a group are returned.</summary>
        private HashSet<int> Build()
        {
            HashSet<int> entered = [];
            foreach (IGrouping<int, int> set in _parents.Keys.ToArray().GroupBy(Root))
            {
                SiteGroup[] groups = [.. set.Select(node => engine._groups[node]).OfType<SiteGroup>().OrderByDescending(group => group.Count)];
                int[] sites = [.. set.Where(node => engine._groups[node] is null)];
                if (groups.Length + sites.Length < 2)
                {
                    continue;
                }

                SiteGroup into = groups.Length > 0 ? groups[0] : new(default, sites[0]);
                engine._all.Add(into);
                _claims.TryAdd(into, groups.Length > 0 ? [into.Id] : []);
                foreach (SiteGroup group in groups.Skip(1))
                {
                    engine._all.Remove(group);
                    _claims[into].Add(group.Id);
                    foreach (int member in group.Members)
                    {
                        Remember(member);
                    }

                    Take(into, group.Firm);
                    into.Loose.UnionWith(group.Loose);
                }

                Take(into, sites);
                entered.UnionWith(sites);
            }

            return entered;
        }

        private void Take(SiteGroup into, IEnumerable<int> sites)
        {
            foreach (int site in sites)
            {
                Remember(site);
                Loosen(site);
                engine._groups[site] = into;
                into.Firm.Add(site);
            }
        }

        /// <summary>
        /// Gives ids. An id goes where most of its sites are; a group that several came to keeps the oldest, and the others are merged into it; one that none came to
        /// gets a new one.
        /// </summary>
        private void NameGroups()
        {
            Dictionary<SiteGroup, CampaignId> origins = [];
            foreach ((CampaignId id, HashSet<int> firm) in former)
            {
                (SiteGroup? heir, _) = firm.Where(site => engine._groups[site] is not null).GroupBy(site => engine._groups[site]!)
                    .Select(part => (part.Key, Part: part.ToArray())).OrderByDescending(part => part.Part.Length).ThenBy(part => part.Part.Min(site => engine._names[site]), StringComparer.Ordinal)
                    .FirstOrDefault();
                if (heir is null)
                {
                    _ended.Add(id);
                    continue;
                }

                // A group that was left alone may inherit too: sites moved over to it.
                (_claims.TryGetValue(heir, out List<CampaignId>? claims) ? claims : _claims[heir] = [heir.Id]).Add(id);
                foreach (SiteGroup part in firm.Select(site => engine._groups[site]).OfType<SiteGroup>().Distinct().Where(part => part != heir))
                {
                    origins.TryAdd(part, id);
                }
            }

            foreach ((SiteGroup group, List<CampaignId> claims) in _claims)
            {
                CampaignId[] ids = [.. claims.Where(id => id != default).Distinct().OrderBy(id => id.ToString(), StringComparer.Ordinal)];
                if (ids.Length == 0)
                {
                    group.Id = engine._newId();
                    _fresh.Add(group.Id);
                    if (origins.TryGetValue(group, out CampaignId origin))
                    {
                        _splitFrom[group.Id] = origin;
                    }
                }
                else
                {
                    group.Id = ids[0];
                    foreach (CampaignId other in ids.Skip(1))
                    {
                        _mergedInto[other] = group.Id;
                    }
                }

                foreach (int member in group.Members.Where(member => engine._standings[member].Campaign != group.Id))
                {
                    Remember(member);
                    engine._standings[member] = engine._standings[member] with { Campaign = group.Id };
                }
            }
        }

        /// <summary>Every site that was looked at, or that one of them may hold, gets its place.</summary>
        private void Settle(HashSet<int> region, HashSet<int> entered)
        {
            // Who came into a group may hold others loosely; who is in one and was looked at may too.
            foreach (int site in region.Concat(entered).Where(site => engine._groups[site] is not null).ToArray())
            {
                _restless.UnionWith(LinksOf(site).Select(link => link.Other).Where(other => engine._groups[other] is null));
            }

            _restless.UnionWith(region);
            foreach (int site in _restless.Where(site => engine._groups[site] is null).ToArray())
            {
                Remember(site);
                Loosen(site);

                FoundLink anchor = Array.Find(LinksOf(site), link => engine._groups[link.Other] is not null);
                if (anchor.Score > 0)
                {
                    SiteGroup group = engine._groups[anchor.Other]!;
                    group.Loose.Add(site);
                    engine._standings[site] = new(group.Id, false, anchor.Score, anchor.Other);
                }
                else
                {
                    engine._standings[site] = new(null, false, 0, -1);
                }
            }

            foreach (int site in _links.Keys.Where(site => engine._groups[site] is not null).ToArray())
            {
                SiteGroup group = engine._groups[site]!;
                Remember(site);
                FoundLink best = LinksOf(site)[0];
                engine._standings[site] = new(group.Id, true, best.Score, best.Other);
                foreach (FoundLink link in LinksOf(site).TakeWhile(link => link.Score >= LinkWeights.Firm).Where(link => !_links.ContainsKey(link.Other)))
                {
                    Improve(link.Other, new(site, link.Score));
                }
            }
        }

        private void Improve(int site, FoundLink link)
        {
            Standing now = engine._standings[site];
            if (Compare(link, new(now.Through, now.Strength)) < 0)
            {
                Remember(site);
                engine._standings[site] = now with { Strength = link.Score, Through = link.Other };
            }
        }
    }
}
