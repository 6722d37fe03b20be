using System.Net;
using Whorl.Fingerprints.Tcp;

namespace Whorl.Fingerprints.Tests.Tcp;

public sealed class TcpClockTests
{
    private const long Start = 1_700_000_000_000_000;

    [Theory]
    [InlineData(1000u, 1100u, 1000, 100)]
    [InlineData(100_000u, 101_003u, 1000, 1000)]
    [InlineData(0xFFFF_FFF0u, 0x54u, 1000, 100)]
    [InlineData(500u, 747u, 1000, 250)]
    [InlineData(500u, 509u, 10_000, 1)]
    public void The_rate_is_rounded_to_what_stacks_use(uint first, uint later, int milliseconds, int hertz)
    {
        TcpClock.TryMeasure(first, later, TimeSpan.FromMilliseconds(milliseconds), out TcpClock clock).ShouldBeTrue();

        clock.Hertz.ShouldBe(hertz);
    }

    [Fact]
    public void Uptime_is_what_the_counter_says_at_that_rate()
    {
        TcpClock.TryMeasure(360_000, 360_100, TimeSpan.FromSeconds(1), out TcpClock clock).ShouldBeTrue();

        clock.Uptime.ShouldBe(TimeSpan.FromHours(1));
        clock.Modulo.ShouldBe(TimeSpan.FromDays(497));
    }

    [Theory]
    [InlineData(0u, 100u, 1000)]
    [InlineData(100u, 0u, 1000)]
    [InlineData(100u, 200u, 24)]
    [InlineData(100u, 200u, 600_001)]
    [InlineData(100u, 104u, 1000)]
    [InlineData(200u, 100u, 1000)]
    [InlineData(100u, 2000u, 1000)]
    public void What_is_no_clock_is_not_measured(uint first, uint later, int milliseconds)
    {
        TcpClock.TryMeasure(first, later, TimeSpan.FromMilliseconds(milliseconds), out _).ShouldBeFalse();
    }

    [Fact]
    public void Uptime_is_the_one_that_p0f_logs()
    {
        Random random = new(9);
        List<(long, byte[])> packets = [];
        Dictionary<IPAddress, string> ours = [];
        for (int i = 1; i <= 2000; i++)
        {
            uint first = i % 10 == 0 ? uint.MaxValue - (uint)random.Next(50) : (uint)random.Next();
            int milliseconds = random.Next(10, 3000);
            uint later = unchecked(first + (uint)(milliseconds * random.NextDouble() * (i % 2 == 0 ? 1.7 : 0.02)));
            long at = Start + (i * 4_000_000L);
            packets.Add((at, Packet(i, first, 0x02)));
            packets.Add((at + 1, Answer(i)));
            packets.Add((at + (milliseconds * 1000L), Packet(i, later, 0x10)));
            if (TcpClock.TryMeasure(first, later, TimeSpan.FromMilliseconds(milliseconds), out TcpClock clock))
            {
                TimeSpan up = clock.Uptime;
                ours.Add(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), $"{up.Days} days {up.Hours} hrs {up.Minutes} min (modulo {clock.Modulo.Days} days) {clock.MeasuredHertz:F2} Hz");
            }
        }

        Dictionary<IPAddress, string> theirs = P0fProgram.Run(packets)
            .Where(line => line["mod"] == "uptime")
            .ToDictionary(line => P0fProgram.Client(line).Address, line => $"{line["uptime"]} {line["raw_freq"]}");

        theirs.Count.ShouldBeGreaterThan(1000);
        ours.ShouldBe(theirs, ignoreOrder: true);
    }

    // p0f wants to see the connection accepted.
    private static byte[] Answer(int number) =>
    [
        0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 198, 51, 100, 1, 10, 0, (byte)(number >> 8), (byte)number,
        1, 0xBB, 0x12, 0x34, 0, 0, 0, 8, 0, 0, 0, 8, 0x50, 0x12, 0x20, 0, 0, 0, 0, 0,
    ];

    private static byte[] Packet(int number, uint timestamp, byte flags) =>
    [
        0x45, 0, 0, 52, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, (byte)(number >> 8), (byte)number, 198, 51, 100, 1,
        0x12, 0x34, 1, 0xBB, 0, 0, 0, (byte)(flags == 2 ? 7 : 8), 0, 0, 0, (byte)(flags == 2 ? 0 : 9), 0x80, flags, 0x20, 0, 0, 0, 0, 0,
        1, 1, 8, 10, (byte)(timestamp >> 24), (byte)(timestamp >> 16), (byte)(timestamp >> 8), (byte)timestamp, 0, 0, 0, 0,
    ];
}
