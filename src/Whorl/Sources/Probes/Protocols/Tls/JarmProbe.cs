using Whorl.Fingerprints.Jarm;
using Whorl.Kernel;
using Whorl.Kernel.Writing;
using Whorl.Sources.Probes.Asking;

namespace Whorl.Sources.Probes.Protocols.Tls;

/// <summary>
/// JARM: ten hellos, each on a connection of its own. The first goes alone, so that a closed or silent port costs one connection; the others go side by
/// side or one after the other.
/// </summary>
/// <param name="atOnce">Connections at once, 1 to 10.</param>
internal sealed class JarmProbe(int atOnce) : IProbe
{
    // No handshake is brought to its end, so nothing here is secret; the system's source costs a call into OpenSSL for each of a hello's numbers.
    private static readonly JarmRandom Random = System.Random.Shared.NextBytes;

    public ProbeName Name => ProbeName.Jarm;

    public async Task<ProbeResult> AskAsync(ProbeTarget target, ProbeBudget budget, CancellationToken cancel)
    {
        string[] answers = new string[JarmProbes.Count];
        using (await budget.TakeTurnAsync(1))
        {
            // Nobody there is told by the fault itself; the other nine would find the same.
            using ProbeConnection connection = await budget.ConnectAsync(target.Address, target.Port);
            answers[0] = await HelloAsync(connection, target.Host, 0);
        }

        int width = Math.Clamp(atOnce, 1, budget.MaxTurn);
        for (int next = 1; next < answers.Length; next += width)
        {
            int count = Math.Min(width, answers.Length - next);
            using ProbeBudget.Turn turn = await budget.TakeTurnAsync(count);
            await Task.WhenAll(Enumerable.Range(next, count).Select(async number => answers[number] = await AnswerAsync(target, budget, number)));
        }

        string hash = JarmHash.Compute(answers);
        return hash == JarmHash.None
            ? ProbeFailure.NotThisProtocol
            : ProbeResult.Of(new Finding(ProbeKinds.Jarm, new Attributes().Text("tls.jarm", hash).Text("tls.jarm_answers", string.Join(',', answers), HostileText.MaxList)));
    }

    private static async Task<string> AnswerAsync(ProbeTarget target, ProbeBudget budget, int number)
    {
        try
        {
            using ProbeConnection connection = await budget.ConnectAsync(target.Address, target.Port);
            return await HelloAsync(connection, target.Host, number);
        }
        catch (Exception fault) when (Asker.FailureOf(fault) is ProbeFailure.Refused or ProbeFailure.ClosedEarly or ProbeFailure.Unreachable)
        {
            // Servers refuse a hello in ways of their own; that is an answer. Time running out is none: the method then has no value at all.
            return JarmAnswer.None;
        }
    }

    private static async Task<string> HelloAsync(ProbeConnection connection, string host, int number)
    {
        byte[] buffer = new byte[Math.Max(JarmProbes.MaxLength, JarmAnswer.MaxLength)];
        int length = JarmProbes.Write(number, host, Random, buffer);
        int read = 0;
        try
        {
            await connection.SendAsync(buffer.AsMemory(0, length));
            do
            {
                int count = await connection.ReceiveAsync(buffer.AsMemory(read, JarmAnswer.MaxLength - read));
                if (count == 0)
                {
                    break;
                }

                read += count;
            }
            while (!JarmAnswer.IsEnough(buffer.AsSpan(0, read)));
        }
        catch (Exception fault) when (Asker.FailureOf(fault) == ProbeFailure.ClosedEarly)
        {
            return JarmAnswer.None;
        }

        return JarmAnswer.Text(buffer.AsSpan(0, read));
    }
}
