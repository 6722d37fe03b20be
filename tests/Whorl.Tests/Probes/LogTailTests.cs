using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Kernel.Outbound;
using Whorl.Sources.Probes;
using Whorl.Sources.Probes.Targets;
using Whorl.Stores;
using Whorl.Tests.Support;

namespace Whorl.Tests.Probes;

public sealed class LogTailTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly TestMeters _meters = new();
    private SqliteDatabase _database = null!;
    private ProbesStore _store = null!;
    private TargetFinder _finder = null!;
    private LogTail _tail = null!;

    private string Log => _folder.File("events.jsonl");

    public ValueTask InitializeAsync()
    {
        _database = new(_folder.File("whorl.db"), [ProbesTables.Migrations], TimeProvider.System);
        Restart();
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        _tail.Dispose();
        await _store.DisposeAsync();
        _database.Dispose();
        _meters.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Lines_are_read_as_they_are_written_and_half_a_line_is_left_for_later()
    {
        (await ReadAsync()).ShouldBeEmpty();
        Append(Line(1) + Line(2)[..10]);
        (await ReadAsync()).ShouldBe([1]);
        (await ReadAsync()).ShouldBe([1]);
        Append(Line(2)[10..] + "nonsense\n{\"ip\":5}\n{}\n" + Line(3));
        (await ReadAsync()).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task After_a_restart_it_goes_on_where_it_was()
    {
        Append(Line(1) + Line(2));
        await ReadAsync();
        await ForgetAsync();
        Restart();
        Append(Line(3));
        (await ReadAsync()).ShouldBe([3]);
    }

    [Fact]
    public async Task A_log_that_is_rotated_is_read_to_its_end_first()
    {
        Append(Line(1));
        await ReadAsync();
        Append(Line(2));
        File.Move(Log, Log + ".1");
        Append(Line(3));
        (await ReadAsync()).ShouldBe([1, 2, 3]);
        Append(Line(4));
        (await ReadAsync()).ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public async Task The_old_log_is_followed_until_its_writer_has_turned_to_the_new_one()
    {
        Append(Line(1));
        await ReadAsync();
        File.Move(Log, Log + ".1");
        File.WriteAllText(Log, "");
        (await ReadAsync()).ShouldBe([1]);
        File.AppendAllText(Log + ".1", Line(2));
        (await ReadAsync()).ShouldBe([1, 2]);
        Append(Line(3));
        (await ReadAsync()).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task What_could_not_be_stored_is_read_again()
    {
        Append(Line(1));
        await ExecuteAsync("ALTER TABLE probe_targets RENAME TO away");
        await Should.ThrowAsync<System.Data.Common.DbException>(ReadAsync());
        await ExecuteAsync("ALTER TABLE away RENAME TO probe_targets");
        (await ReadAsync()).ShouldBe([1]);
    }

    [Fact]
    public async Task A_log_that_was_rotated_while_we_were_away_is_read_to_its_end_first()
    {
        Append(Line(1));
        await ReadAsync();
        await ForgetAsync();
        Append(Line(2));
        File.Move(Log, Log + ".1");
        Append(Line(3));
        Restart();
        (await ReadAsync()).ShouldBe([2, 3]);
    }

    [Fact]
    public async Task A_log_that_is_cut_is_read_from_its_begin_even_when_it_grew_again()
    {
        Append(Line(1));
        await ReadAsync();
        File.WriteAllText(Log, "");
        Append(Line(2));
        (await ReadAsync()).ShouldBe([1, 2]);
        File.WriteAllText(Log, "");
        Append(Line(3) + Line(4) + Line(5));
        (await ReadAsync()).ShouldBe([1, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task A_log_that_was_replaced_while_we_were_away_is_read_from_its_begin()
    {
        Append(Line(1));
        await ReadAsync();
        await ForgetAsync();
        File.Delete(Log);
        Append(Line(2) + Line(3));
        Restart();
        (await ReadAsync()).ShouldBe([2, 3]);
    }

    [Fact]
    public async Task A_line_that_never_ends_is_passed_over()
    {
        Append("{\"ip\":\"" + new string('1', 3 * 1024 * 1024) + "\"}\n" + Line(2));
        (await ReadAsync()).ShouldBe([2]);
    }

    [Theory]
    [InlineData("""{"ip":"192.0.2.1"}""", "ip", "192.0.2.1")]
    [InlineData("""{"a":{"b":{"ip":"192.0.2.1"}}}""", "a.b.ip", "192.0.2.1")]
    [InlineData("""{"a.b":{"ip":"192.0.2.1"}}""", "a.b.ip", "192.0.2.1")]
    [InlineData("""{"source.ip":"2001:db8::1"}""", "source.ip", "2001:db8::1")]
    [InlineData("""{"ip":"Unknown"}""", "ip", null)]
    [InlineData("""{"ip":"192.0.2.1:80"}""", "ip", null)]
    [InlineData("""{"ip":"\ud800"}""", "ip", null)]
    [InlineData("""{"ip":["192.0.2.1"]}""", "ip", null)]
    [InlineData("""["192.0.2.1"]""", "ip", null)]
    [InlineData("{", "ip", null)]
    public void The_address_is_found_by_its_dotted_name(string line, string field, string? address) =>
        (LogTail.AddressIn(Encoding.UTF8.GetBytes(line), field)?.ToString()).ShouldBe(address);

    private static string Line(int number) => $"{{\"n\":{number},\"ip\":\"192.0.2.{number}\"}}\n";

    private void Append(string text) => File.AppendAllText(Log, text);

    private void Restart()
    {
        _tail?.Dispose();
        _store = new(
            _database, new BatchWriters(_database, TimeProvider.System, new StoreMetrics(_meters), NullLoggerFactory.Instance), Options.Create(new ProbesOptions()), Options.Create(new NodeOptions { Name = "test" }), TimeProvider.System);
        OutboundGuard guard = new(new OutboundOptions { Allow = ["192.0.2.0/24"] }, TimeProvider.System, NullLogger.Instance, null, () => OwnAddresses.None);
        _finder = new(_store, guard, Options.Create(new ProbesOptions()), new ProbesMetrics(_meters), TimeProvider.System);
        _tail = new(Log, "ip", _store, _finder);
    }

    /// <summary>Reads to the end; the numbers of all targets known.</summary>
    private async Task<int[]> ReadAsync()
    {
        while (await _tail.StepAsync(default))
        {
        }

        _tail.Fault.ShouldBeNull();
        return [.. (await _store.QueueAsync(100, default)).Select(entry => int.Parse(entry.Address.Split('.')[3])).Order()];
    }

    private Task ForgetAsync() => ExecuteAsync("DELETE FROM probe_targets");

    private async Task ExecuteAsync(string sql)
    {
        await using System.Data.Common.DbConnection connection = await _database.OpenAsync(default);
        await using System.Data.Common.DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
