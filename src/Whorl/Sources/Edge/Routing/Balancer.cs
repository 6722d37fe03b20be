namespace Whorl.Sources.Edge.Routing;

/// <summary>Chooses one of a site's upstreams: well ones first; where none is well, any, because a refusal for certain is worse than a try.</summary>
internal sealed class Balancer
{
    private readonly LoadBalancing _policy;

    private readonly Upstream[] _upstreams;

    // Each upstream as often as its weight says.
    private readonly Upstream[] _schedule;

    private int _turn = -1;

    public Balancer(LoadBalancing policy, Upstream[] upstreams)
    {
        _policy = policy;
        _upstreams = upstreams;
        _schedule = Interleave(upstreams);
    }

    /// <summary>Another upstream than <paramref name="not"/> where there is one.</summary>
    public Upstream Pick(Upstream? not = null)
    {
        if (_upstreams.Length == 1)
        {
            return _upstreams[0];
        }

        Upstream? picked = Pick(not, onlyWell: true) ?? Pick(not, onlyWell: false);
        return picked ?? _upstreams[0];
    }

    private Upstream? Pick(Upstream? not, bool onlyWell)
    {
        switch (_policy)
        {
            case LoadBalancing.First:
                return Scan(_upstreams, 0, not, onlyWell);
            case LoadBalancing.RoundRobin:
                return Scan(_schedule, (int)((uint)Interlocked.Increment(ref _turn) % (uint)_schedule.Length), not, onlyWell);
            case LoadBalancing.Random:
                return Scan(_schedule, Random.Shared.Next(_schedule.Length), not, onlyWell);
            case LoadBalancing.LeastRequests:
                return Least(not, onlyWell);
            default:
                Upstream? one = Scan(_schedule, Random.Shared.Next(_schedule.Length), not, onlyWell);
                Upstream? two = Scan(_schedule, Random.Shared.Next(_schedule.Length), not, onlyWell);
                return one is null || two is null ? one : Load(two) < Load(one) ? two : one;
        }
    }

    private Upstream? Least(Upstream? not, bool onlyWell)
    {
        Upstream? least = null;
        foreach (Upstream upstream in _upstreams)
        {
            if (upstream != not && (!onlyWell || upstream.IsWell) && (least is null || Load(upstream) < Load(least)))
            {
                least = upstream;
            }
        }

        return least;
    }

    private static Upstream? Scan(Upstream[] from, int start, Upstream? not, bool onlyWell)
    {
        for (int i = 0; i < from.Length; i++)
        {
            Upstream upstream = from[(start + i) % from.Length];
            if (upstream != not && (!onlyWell || upstream.IsWell))
            {
                return upstream;
            }
        }

        return null;
    }

    private static double Load(Upstream upstream) => (double)(upstream.InFlight + 1) / upstream.Weight;

    /// <summary>Spreads turns evenly: weights 3 and 1 give a a b a, not a a a b.</summary>
    private static Upstream[] Interleave(Upstream[] upstreams)
    {
        int total = upstreams.Sum(upstream => upstream.Weight);
        Upstream[] schedule = new Upstream[total];
        int[] credit = new int[upstreams.Length];
        for (int turn = 0; turn < total; turn++)
        {
            int best = 0;
            for (int i = 0; i < upstreams.Length; i++)
            {
                credit[i] += upstreams[i].Weight;
                best = credit[i] > credit[best] ? i : best;
            }

            credit[best] -= total;
            schedule[turn] = upstreams[best];
        }

        return schedule;
    }
}
