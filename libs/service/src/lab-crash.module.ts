import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { armFaultPoint, faultPoints, isFaultPoint } from './fault-points.js';
import { FrameworkProblem } from './problem.js';

/** Lab mode only: `POST /lab/crash {"point": "relay.after-confirm"}` makes the process die when it next gets there. */
@ApiExcludeController()
@Controller('lab')
class LabCrashController {
  @Post('crash')
  @HttpCode(202)
  arm(@Body() body: { point?: unknown } | undefined): { armed: string } {
    const point = body?.point;
    if (typeof point !== 'string' || !isFaultPoint(point))
      throw new FrameworkProblem(
        422,
        'unknown-crash-point',
        'There is no such crash point',
        `Choose one of: ${faultPoints.join(', ')}.`,
      );
    armFaultPoint(point);
    return { armed: point };
  }
}

@Module({ controllers: [LabCrashController] })
export class LabCrashModule {}
